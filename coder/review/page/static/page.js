"use strict";
// Everything works without this script but search while typing, the tree, and single keys.
(() => {
  const form = document.getElementById("decide");
  if (!form) return;
  const byId = (id) => document.getElementById(id);
  let busy = false;

  // one submit per page: a second keystroke must not decide the next item unseen
  form.addEventListener("submit", (event) => {
    if (busy) event.preventDefault();
    busy = true;
  });

  const ask = async (what, values) => {
    const body = new FormData();
    body.set("csrf", form.elements.csrf.value);
    body.set("turn", form.dataset.turn);
    body.set("scheme", form.dataset.scheme);
    for (const [key, value] of Object.entries(values)) body.set(key, value);
    const answer = await fetch(`/ask/${what}`, { method: "POST", body, credentials: "same-origin" });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    return answer.text();
  };

  const fill = async (box, what, values, after) => {
    try {
      box.innerHTML = await ask(what, values);  // made by the server, every value escaped
      box.hidden = false;
      if (after) after();
    } catch {
      box.textContent = "";
    }
  };

  // search while typing; an answer that comes too late is dropped
  const find = byId("find"), found = byId("found");
  let timer = 0, asked = 0;
  find.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const number = ++asked;
      if (!find.value.trim()) { found.textContent = ""; return; }
      try {
        const html = await ask("search", { query: find.value });
        if (number === asked) found.innerHTML = html;
      } catch { found.textContent = ""; }
    }, 120);
  });
  find.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "ArrowDown") return;
    event.preventDefault();
    found.querySelector("button")?.focus();
  });
  form.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const list = event.target.closest?.(".codes");
    if (!step || !list) return;
    event.preventDefault();
    const buttons = [...list.querySelectorAll("button")];
    const next = buttons[buttons.indexOf(event.target) + step];
    if (next) next.focus();
    else if (step < 0 && found.contains(list)) find.focus();
  });

  // the tree: one level at a time
  const tree = byId("tree"), opener = byId("tree-open");
  const climb = (at) => fill(tree, "tree", { at }, () => {
    opener.setAttribute("aria-expanded", "true");
    (tree.querySelector(".codes button") || tree.querySelector("button")).focus();
  });
  opener.addEventListener("click", () => {
    if (tree.hidden) climb("");
    else { tree.hidden = true; opener.setAttribute("aria-expanded", "false"); }
  });
  tree.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-at]");
    if (button) climb(button.dataset.at);
  });

  // boxes
  for (const button of form.querySelectorAll("[data-opens]"))
    button.addEventListener("click", () => byId(button.dataset.opens).showModal());
  for (const button of form.querySelectorAll("[data-closes]"))
    button.addEventListener("click", () => button.closest("dialog").close());

  // single keys; they can be switched off (WCAG 2.1.4)
  const keysOn = byId("keys-on");
  keysOn.checked = localStorage.getItem("keys") !== "off";
  keysOn.addEventListener("change", () => localStorage.setItem("keys", keysOn.checked ? "on" : "off"));
  const press = (button) => { if (button && !busy) button.click(); };
  const letters = {
    KeyC: () => press(form.querySelector("[data-opens=cannot-box]")),
    KeyS: () => press(form.querySelector("[data-opens=skip-box]")),
    KeyR: () => press(byId("return")),
    KeyU: () => press(byId("undo")),
    KeyT: () => press(opener),
    KeyF: () => find.focus(),
    KeyN: () => byId("note").focus(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
    if (event.key === "Escape" && document.activeElement !== document.body) {
      if (!form.querySelector("dialog[open]")) document.activeElement.blur();
      return;
    }
    if (!keysOn.checked || event.target.closest("input:not([type=checkbox]), textarea, select")) return;
    const box = form.querySelector("dialog[open]");
    // event.code is the key's place: the digits work on an Arabic or French keyboard, too
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
    if (digit) {
      event.preventDefault();
      press((box || form.querySelector(".candidates")).querySelector(`[data-key="${digit}"]`));
    } else if (box) {
      return;
    } else if (event.key === "?") {
      event.preventDefault();
      byId("keys-box").showModal();
    } else if (event.key === "/" || letters[event.code]) {
      event.preventDefault();
      (letters[event.code] || letters.KeyF)();
    }
  });

  fill(byId("similar"), "similar", {});
  setInterval(() => { if (!document.hidden) ask("keep", {}).catch(() => {}); }, 120000);
})();
