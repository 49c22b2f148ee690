// Hand on a region's name lights it up on the map, and a click on the map is a click on the name.
(() => {
  "use strict";

  const links = new Map();
  for (const link of document.querySelectorAll("[data-map-link]")) links.set(link.dataset.mapLink, link);

  const light = (code, on) => {
    for (const shape of document.querySelectorAll(`[data-map-region="${code}"]`)) shape.classList.toggle("hub-map-lit", on);
  };

  for (const [code, link] of links) {
    for (const event of ["mouseenter", "focus"]) link.addEventListener(event, () => light(code, true));
    for (const event of ["mouseleave", "blur"]) link.addEventListener(event, () => light(code, false));
    for (const shape of document.querySelectorAll(`[data-map-region="${code}"]`)) {
      shape.classList.add("hub-map-link");
      shape.addEventListener("click", () => link.click());
    }
  }
})();
