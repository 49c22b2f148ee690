// Small comforts; every page works without them.
(() => {
  "use strict";

  // A second click on a form that is already on its way does nothing. The form's key protects the server all the same.
  const sending = new WeakSet();

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (sending.has(form)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    sending.add(form);
    // After this turn: a button disabled at once would not be sent along with its form.
    setTimeout(() => setBusy(form, true), 0);
  }, true);

  const release = (form) => {
    sending.delete(form);
    setBusy(form, false);
  };

  const setBusy = (form, busy) => {
    for (const button of form.querySelectorAll("button[type=submit]")) {
      button.setAttribute("aria-disabled", String(busy));
      button.classList.toggle("hub-busy", busy);
    }
  };

  // The back button may show the page as it was left, busy buttons included.
  window.addEventListener("pageshow", () => document.querySelectorAll("form").forEach(release));
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest ? event.target.closest("form") : null;
    if (form) release(form);
  });

  // A form that came back with errors is read from its summary on.
  const focusSummary = (root) => {
    const summary = root.querySelector("[data-hub-error-summary]");
    if (summary) summary.focus();
  };
  document.addEventListener("DOMContentLoaded", () => focusSummary(document));
  document.addEventListener("htmx:afterSettle", (event) => focusSummary(event.target));
})();
