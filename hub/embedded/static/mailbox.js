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

// The code of the second factor changes every 30 seconds.
async function tick() {
  const shown = document.querySelector("#code");
  if (!shown || document.hidden) return;
  const answer = await fetch("/second-factor.json");
  if (!answer.ok) return;
  const { code, seconds_left: left } = await answer.json();
  const output = shown.querySelector("output");
  if (output.textContent !== code) output.textContent = code;
  shown.querySelector("[data-seconds]").textContent = left;
}

setInterval(() => tick().catch(() => {}), 1000);
