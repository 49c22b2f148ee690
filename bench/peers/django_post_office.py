"""The campaign through django-post-office: a template, a row for each reader, `send_queued_mail` as it comes.

Writing the rows is not counted, as freezing is not counted for the hub.
"""

from __future__ import annotations

import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.core.management import call_command

from bench.peers.task import PLACEHOLDER, Task, address, the_task


def configure(task: Task) -> None:
    url = urlsplit(task.database)
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": url.path.strip("/"),
                "USER": url.username,
                "PASSWORD": url.password,
                "HOST": url.hostname,
                "PORT": url.port,
            }
        },
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        EMAIL_BACKEND="post_office.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=task.port,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        USE_TZ=True,
    )
    django.setup()
    logging.disable(logging.INFO)


def as_django(text: str) -> str:
    return PLACEHOLDER.sub(r"{{ \1 }}", text)


def queue(task: Task) -> None:
    from post_office import mail  # only after the configuration
    from post_office.models import EmailTemplate

    template, _ = EmailTemplate.objects.update_or_create(
        name="campaign",
        defaults={
            "subject": task.subject,
            "content": as_django(task.text),
            "html_content": as_django(task.html),
        },
    )
    mail.send_many(
        [
            {
                "recipients": address(number),
                "sender": task.sender,
                "template": template,
                "context": task.values(number),
                "headers": task.headers(number),
                "render_on_delivery": True,
            }
            for number in range(task.recipients)
        ]
    )


def main() -> None:
    task = the_task()
    configure(task)
    call_command("migrate", verbosity=0)
    from post_office.models import STATUS, Email  # only after the configuration

    Email.objects.all().delete()
    queue(task)
    with TemporaryDirectory() as folder:
        began = perf_counter()
        call_command("send_queued_mail", processes=1, lockfile=str(Path(folder) / "lock"))
        seconds = perf_counter() - began
    sent = Email.objects.filter(status=STATUS.sent).count()
    if sent != task.recipients:
        raise SystemExit(f"{sent} of {task.recipients} were sent")
    print(sent / seconds)


if __name__ == "__main__":
    main()
