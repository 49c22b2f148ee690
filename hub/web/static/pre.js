// Runs before Bootstrap Italia: its video player must not write style elements, which our policy forbids.
window.VIDEOJS_NO_DYNAMIC_STYLE = true;
// Menus are laid open by the style sheet until this class says that scripts can open them.
document.documentElement.classList.add("js");
