"""Trainings on a person's page: recorded with a certificate, downloaded, removed."""

import asyncio

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub import files
from hub.db import TenantScope, tenant_transaction
from hub.errors import NotFound
from hub.ids import parse_uuid
from hub.tenants.accounts.actor import OPERATOR, Actor
from hub.tenants.people import queries
from hub.tenants.people.asking import RecordTraining
from hub.tenants.people.page_parts import (
    CHANGERS,
    HERE,
    PageRequest,
    may_manage,
    people_crumbs,
)
from hub.tenants.people.person_pages import PERSON, person_template, save
from hub.tenants.people.training import (
    find_member,
    find_training,
    record_training,
    remove_training,
)
from hub.tenants.rooms import MEMBERS, organisation_page
from hub.uploads import BadUpload, CheckedFile, check_upload
from hub.web import csrf
from hub.web.downloads import download
from hub.web.forms import KEY, Form, filled
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.multipart import LARGEST_REQUEST, Upload, read_upload
from hub.web.params import path_id
from hub.web.redirects import message, see_other

RECORDED = message("training-recorded", N_("The training is recorded."))
REMOVED = message("training-removed", N_("The training is removed, with its certificate."))


@post(
    f"{PERSON}/trainings",
    status_code=200,
    guards=CHANGERS,
    opt=csrf.MULTIPART,
    request_max_body_size=LARGEST_REQUEST,
)
async def add(
    request: PageRequest, actor: NamedDependency[Actor], membership_id: FromPath[str]
) -> Template | Response[None]:
    member_id = path_id(membership_id)
    async with tenant_transaction(actor.tenant_id) as scope:
        await find_member(scope, member_id)
    upload = await read_upload(request)
    form = _read(upload)
    certificate = await _certificate(form, upload)
    if certificate is None:
        return await person_template(request, actor, member_id, form)

    async def change(scope: TenantScope, asked: RecordTraining) -> None:
        await record_training(
            scope, actor, member_id, asked.course, asked.completed_on, certificate, form.key
        )

    return await save(request, actor, member_id, form, change, RECORDED)


def _read(upload: Upload) -> Form[RecordTraining]:
    sent = {name: [value] for name, value in upload.fields.items()}
    key = parse_uuid(sent.pop(KEY, [""])[0])
    form = filled(RecordTraining, {**sent, "file": [upload.name]}, prefix="training")
    if key is None:
        form.refuse(None, _("The form has changed in the meantime. Please load the page again."))
    else:
        form.key = key
    return form


async def _certificate(
    form: Form[RecordTraining], upload: Upload
) -> tuple[CheckedFile, bytes] | None:
    """In a thread, since looking into ten megabytes takes long."""
    if not upload.name:
        return None
    try:
        checked = await asyncio.to_thread(check_upload, upload.name, upload.content)
    except BadUpload as bad:
        form.refuse("file", _(bad.message))
        return None
    return checked, upload.content


@get(f"{PERSON}/trainings/{{training_id:str}}/certificate", guards=MEMBERS)
async def certificate_of(
    actor: NamedDependency[Actor], membership_id: FromPath[str], training_id: FromPath[str]
) -> Response[bytes]:
    """For the person and the administrators."""
    member_id, wanted = path_id(membership_id), path_id(training_id)
    if not may_manage(actor) and member_id != actor.membership_id:
        raise NotFound
    async with tenant_transaction(actor.tenant_id) as scope:
        training = await find_training(scope, member_id, wanted)
        stored = await files.find(scope, training.certificate_id)
        if not stored:
            raise NotFound
        return download(stored.name, stored.media_type, await files.content(scope, stored.id))


@get(f"{PERSON}/trainings/{{training_id:str}}/remove", guards=CHANGERS)
async def ask_to_remove(
    request: PageRequest,
    actor: NamedDependency[Actor],
    membership_id: FromPath[str],
    training_id: FromPath[str],
) -> Template:
    member_id = path_id(membership_id)
    async with tenant_transaction(actor.tenant_id) as scope:
        member = await find_member(scope, member_id)
        training = await find_training(scope, member_id, path_id(training_id))
        only = len(await queries.trainings_of(scope, member_id)) == 1
    here = f"{HERE}/{member.id}"
    return organisation_page(
        request,
        actor,
        "people",
        "tenants/people/training_remove.html",
        crumbs=people_crumbs(
            (member.name, here),
            (_("Remove the training"), f"{here}/trainings/{training.id}/remove"),
        ),
        member=member,
        training=training,
        is_needed=only and member.role == OPERATOR and member.state == "active",
        here=here,
    )


@post(f"{PERSON}/trainings/{{training_id:str}}/remove", status_code=303, guards=CHANGERS)
async def remove(
    request: PageRequest,
    actor: NamedDependency[Actor],
    membership_id: FromPath[str],
    training_id: FromPath[str],
) -> Response[None]:
    member_id = path_id(membership_id)
    async with tenant_transaction(actor.tenant_id) as scope:
        await remove_training(scope, actor, member_id, path_id(training_id))
    return see_other(request, f"{HERE}/{member_id}", REMOVED)


ROUTES: list[ControllerRouterHandler] = [add, certificate_of, ask_to_remove, remove]
