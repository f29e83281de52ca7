// A graph played step by step.  play: svg, frames (what each step says and changes), leaves, findings.
// The picture is laid out once; a step only changes classes and texts in it.

const BAR = `
<div class="bar">
  <button data-do="first" title="to the start (Home)" aria-label="to the start">|◀</button>
  <button data-do="back" title="one step back (←)" aria-label="one step back">◀</button>
  <button data-do="play" title="play or pause (space)" aria-label="play">▶ play</button>
  <button data-do="next" title="one step on (→)" aria-label="one step on">▶</button>
  <button data-do="last" title="to the end (End)" aria-label="to the end">▶|</button>
  <button data-do="turn" title="to where backward begins (b)">backward</button>
  <input type="range" min="0" value="0" aria-label="step">
  <span class="count" aria-live="polite"></span>
  <select aria-label="speed"><option value="1600">slow</option><option value="900" selected>normal</option><option value="350">fast</option></select>
</div>
<div class="leaves"></div><div class="error" role="alert"></div>
<div class="sheet"></div>
<div class="panel-text" aria-live="polite"></div>
<ol class="findings"></ol>`;

function make(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function render({ model, el }) {
  const root = make("div", "chainrule-player");
  root.tabIndex = 0;
  root.dataset.lmSuppressShortcuts = "true"; // Jupyter Notebook would take ←, → and b before they arrive here
  root.innerHTML = BAR;
  el.replaceChildren(root);
  const find = selector => root.querySelector(selector);
  const slider = find("input[type=range]"), sheet = find(".sheet"), words = find(".panel-text");
  let play, at = 0, timer = null, nodes, edges, largest;

  function load() {
    play = model.get("play");
    sheet.innerHTML = play.svg;
    nodes = new Map([...sheet.querySelectorAll(".node")].map(node => [node.dataset.v, node]));
    edges = [...sheet.querySelectorAll(".edge")];
    largest = Math.max(...play.frames.flatMap(f => Object.values(f.grads).map(g => Math.abs(g[1]))).filter(isFinite), 1e-300);
    slider.max = play.frames.length - 1;
    find(".findings").replaceChildren(...play.findings.map(text => make("li", "", text)));
    leaves();
    show(Math.min(at, play.frames.length - 1));
  }

  function leaves() {
    const strip = find(".leaves");
    strip.replaceChildren();
    if (model.inFile) return;
    for (const leaf of play.leaves) {
      const label = make("label", "", `${leaf.name} =`);
      const field = make("input");
      field.type = "text";
      field.value = leaf.text;
      field.onchange = () => model.send({ leaf: leaf.key, text: field.value });
      label.append(field);
      strip.append(label);
    }
  }

  // The picture at step i follows from all steps up to it.
  function state(i) {
    const data = {}, grads = {};
    for (const frame of play.frames.slice(0, i + 1)) Object.assign(data, frame.data), Object.assign(grads, frame.grads);
    return { data, grads };
  }

  function show(i) {
    at = i;
    const frame = play.frames[i], { data, grads } = state(i);
    const told = new Set(frame.rows.map(row => row.child));
    for (const [key, node] of nodes) {
      const value = node.querySelector(".value");
      if (value) value.textContent = data[key] ?? "?";
      node.classList.toggle("later", !(key in data));
      node.querySelector(".more")?.classList.toggle("unknown", !(key in data));
      node.classList.toggle("now", key === frame.node);
      node.classList.toggle("told", told.has(key));
      paint(node, grads[key]);
    }
    for (const edge of edges) {
      const { from, to } = edge.dataset, here = to === frame.node;
      edge.classList.toggle("later", !(to in data));
      edge.classList.toggle("flow", here && (frame.phase === "forward" || told.has(from)));
      edge.classList.toggle("back", frame.phase === "backward");
    }
    slider.value = i;
    find(".count").textContent = `${i + 1} / ${play.frames.length}`;
    tell(frame);
    if (i === play.frames.length - 1) pause();
  }

  function paint(node, grad) {
    const text = node.querySelector(".grad"), tint = node.querySelector(".tint");
    if (!text) return;
    text.textContent = grad ? grad[0] : "";
    tint.setAttribute("fill-opacity", grad && isFinite(grad[1]) ? 0.62 * Math.sqrt(Math.abs(grad[1]) / largest) : 0);
    tint.classList.toggle("down", Boolean(grad && grad[1] < 0));
    tint.classList.toggle("up", Boolean(grad && grad[1] >= 0));
  }

  function tell(frame) {
    const head = make("h3");
    head.append(make("span", `phase ${frame.phase}`, frame.phase), frame.title);
    words.replaceChildren(head, make("div", "detail", frame.detail));
    if (!frame.rows.length) return;
    const table = make("table"), names = make("tr");
    for (const text of play.heads) names.append(make("th", "", text));
    table.append(names);
    for (const row of frame.rows) {
      const line = make("tr");
      for (const text of [row.name, row.local, row.product, row.added]) line.append(make("td", "", text));
      table.append(line);
      if (row.wrong) {
        const note = make("tr"), cell = make("td", "bad", `✗ ${row.wrong}`);
        cell.colSpan = 4;
        note.append(cell);
        table.append(note);
      }
    }
    words.append(table);
  }

  const go = i => show(Math.max(0, Math.min(play.frames.length - 1, i)));
  const pause = () => { clearInterval(timer); timer = null; label(); };
  const label = () => { const b = find("[data-do=play]"); b.textContent = timer ? "⏸ pause" : "▶ play"; b.setAttribute("aria-label", timer ? "pause" : "play"); };
  const start = () => {
    if (at === play.frames.length - 1) go(0);
    timer = setInterval(() => go(at + 1), Number(find("select").value));
    label();
  };
  const turn = () => go(play.frames.findIndex(frame => frame.phase === "backward"));
  const acts = {
    first: () => go(0), back: () => go(at - 1), next: () => go(at + 1), last: () => go(play.frames.length - 1),
    play: () => (timer ? pause() : start()), turn,
  };
  const keys = { Home: "first", ArrowLeft: "back", ArrowRight: "next", End: "last", " ": "play", b: "turn" };

  root.onclick = event => { const act = event.target.dataset?.do; if (act) acts[act](); };
  root.onkeydown = event => {
    if (event.target.matches("input, select") || !(event.key in keys) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " " && event.target.matches("button")) return;
    event.preventDefault();
    event.stopPropagation();
    acts[keys[event.key]]();
  };
  slider.oninput = () => go(Number(slider.value));
  find("select").onchange = () => timer && (pause(), start());

  const failed = () => { find(".error").textContent = model.get("error"); };
  model.on("change:play", load);
  model.on("change:error", failed);
  load();
  if (model.inFile) root.focus({ preventScroll: true });
  return () => { pause(); model.off("change:play", load); model.off("change:error", failed); };
}

export default { render };
