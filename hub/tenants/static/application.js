// How far an upload is, a word when saving as one types does not work, and one when a chosen file would be left behind.
// Without scripts the forms work as they are.
(() => {
  "use strict";

  const uploadOf = (event) => (event.target.closest ? event.target.closest(".application-upload") : null);

  document.addEventListener("htmx:xhr:progress", (event) => {
    const form = uploadOf(event);
    if (!form || !event.detail.lengthComputable) return;
    const percent = Math.round((100 * event.detail.loaded) / event.detail.total);
    form.querySelector("[data-broken]").hidden = true;
    const shown = form.querySelector(".application-progress");
    shown.hidden = false;
    shown.querySelector("progress").value = percent;
    shown.querySelector("span").textContent = `${percent}%`;
  });

  const broken = (event) => {
    const form = uploadOf(event);
    if (form) {
      form.querySelector(".application-progress").hidden = true;
      form.querySelector("[data-broken]").hidden = false;
      return;
    }
    const saved = document.getElementById("saved");
    if (saved && event.target.matches("#step-form [hx-post]")) {
      saved.textContent = saved.dataset.broken;
      saved.classList.add("hub-error");
    }
  };
  document.addEventListener("htmx:sendError", broken);
  document.addEventListener("htmx:responseError", broken);
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "saved") event.target.classList.remove("hub-error");
  });

  // A step that Back brings out of the browser's memory does not know what was saved since, not even by its own button:
  // it is loaded anew, unless something was typed there that is saved nowhere.
  const step = document.getElementById("step-form");
  if (step && step.querySelector("[hx-post]")) {
    let unsaved = false;
    step.addEventListener("input", () => (unsaved = true));
    step.addEventListener("submit", () => (unsaved = false));
    document.addEventListener("htmx:afterSwap", (event) => {
      if (event.target.id === "saved" && !event.target.querySelector(".hub-error")) unsaved = false;
    });
    window.addEventListener("pageshow", (event) => {
      if (event.persisted && !unsaved) location.replace(location.pathname + location.search);
    });
  }

  // Who goes on with a file that was chosen and not uploaded is stopped once: it would be lost without a word.
  const onwards = ".application-steps a, .application-body .hub-actions a, .application-request .hub-form [type=submit]";
  document.addEventListener("click", (event) => {
    if (!event.target.closest(onwards)) return;
    const waiting = [...document.querySelectorAll(".application-upload")].find(
      (form) => form.elements.file.value && form.querySelector("[data-waiting]").hidden,
    );
    if (!waiting) return;
    event.preventDefault();
    waiting.querySelector("[data-waiting]").hidden = false;
    waiting.querySelector("button").focus();
  });

  // A file of an answer loads the page anew: the words typed beside it stay in this window until they are sent.
  const answer = document.querySelector(".application-request [name=answer]");
  if (answer) {
    const key = answer.form.getAttribute("action");
    answer.value ||= sessionStorage.getItem(key) || "";
    answer.addEventListener("input", () => sessionStorage.setItem(key, answer.value));
    answer.form.addEventListener("submit", () => sessionStorage.removeItem(key));
  }
})();
