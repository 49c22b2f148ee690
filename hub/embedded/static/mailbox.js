// Shows new mail without a reload. Without scripts the page is the same, only older.
const SECONDS = 3;

async function refresh() {
  const shown = document.querySelector("#messages[data-refresh]");
  if (!shown || document.hidden) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("#messages");
  if (!fresh || fresh.innerHTML === shown.innerHTML) return;
  // Whoever goes through the list by keyboard stays on the message they were at.
  const focused = shown.contains(document.activeElement) ? document.activeElement.id : "";
  shown.replaceChildren(...fresh.childNodes);
  if (focused) document.getElementById(focused)?.focus();
}

// A mailbox that is stopped for a while is no fault: the next try may find it again.
setInterval(() => refresh().catch(() => {}), SECONDS * 1000);
