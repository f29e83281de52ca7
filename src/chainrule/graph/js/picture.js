// A picture whose boxes open on a click.  state: pictures, SVG texts by path ("" is the whole, "/g12/g3" a box in a box).

function render({ model, el }) {
  let path = "";
  let wanted = null;
  el.innerHTML = '<div class="chainrule-page" data-lm-suppress-shortcuts="true"><nav aria-label="where in the graph"></nav><div class="sheet"></div></div>';
  const [nav, sheet] = el.firstChild.children;

  function crumbs(message) {
    nav.replaceChildren();
    const keys = path.split("/");
    keys.forEach((key, i) => {
      const button = document.createElement("button");
      button.textContent = i ? names.get(keys.slice(0, i + 1).join("/")) ?? key : "the whole graph";
      button.disabled = i === keys.length - 1;
      button.onclick = () => show(keys.slice(0, i + 1).join("/"));
      if (i) nav.append("›");
      nav.append(button);
    });
    const hint = document.createElement("span");
    hint.className = "hint";
    hint.textContent = message ?? (sheet.querySelector(".open") ? "click a box to open it" : "");
    nav.append(hint);
  }

  const names = new Map();

  function show(where) {
    const pictures = model.get("pictures");
    if (!(where in pictures)) {
      if (model.inFile) return crumbs("this box is too deep for a file: open it in a notebook, or draw a smaller part");
      wanted = where;
      return model.send({ open: where });
    }
    path = where;
    sheet.innerHTML = pictures[where];
    for (const box of sheet.querySelectorAll(".open")) {
      const inner = `${path}/${box.dataset.v}`;
      box.tabIndex = 0;
      box.setAttribute("role", "button");
      box.onclick = () => {
        names.set(inner, [box.querySelector(".op"), ...box.querySelectorAll(".title")].map(t => t?.textContent ?? "").join(" ").trim() || "a part");
        show(inner);
      };
      box.onkeydown = event => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), box.onclick());
    }
    crumbs();
  }

  const arrived = () => wanted !== null && wanted in model.get("pictures") && (show(wanted), (wanted = null));
  const back = event => event.key === "Escape" && path && show(path.slice(0, path.lastIndexOf("/")));
  el.addEventListener("keydown", back);
  model.on("change:pictures", arrived);
  show("");
  return () => { el.removeEventListener("keydown", back); model.off("change:pictures", arrived); };
}

export default { render };
