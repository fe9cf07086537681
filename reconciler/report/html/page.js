"use strict";

// Filters, sorts and folds the lists of the page, and keeps that in its address, so that it can be passed on.
// The page is whole without it.
(() => {
  const form = document.getElementById("filters");
  if (!form) return;

  const heading = document.querySelector("#lists > h2");
  const status = document.getElementById("shown");
  const nothing = document.getElementById("none");
  const fold = document.getElementById("fold");
  const groups = [...document.querySelectorAll("details.group")].map((node) => {
    const box = node.querySelector(".entries");
    const count = node.querySelector(".count");
    const entries = [...box.children].map((entry) => ({
      node: entry,
      key: entry.querySelector("h4 a").textContent,
      env: entry.dataset.env,
      what: node.id,
      why: entry.dataset.why,
      place: entry.dataset.place,
      text: "",
    }));
    return { node, box, count, entries, sorted: "" };
  });
  const total = groups.reduce((sum, group) => sum + group.entries.length, 0);
  const names = ["find", "env", "what", "why", "sort"];
  const number = new Intl.NumberFormat("en");
  const order = new Intl.Collator("en", { numeric: true });

  const wanted = () => Object.fromEntries(new FormData(form));

  function fits(entry, by, words) {
    if ((by.env && entry.env !== by.env) || (by.what && entry.what !== by.what)) return false;
    if (by.why && entry.why !== by.why) return false;
    if (!words.length) return true;
    entry.text ||= entry.node.textContent.toLowerCase();
    return words.every((word) => entry.text.includes(word));
  }

  function sort(group, by) {
    if (group.sorted === by) return;
    group.sorted = by;
    const entries = by ? [...group.entries].sort((one, two) => order.compare(one[by], two[by])) : group.entries;
    group.box.append(...entries.map((entry) => entry.node));
  }

  const unfolded = () => groups.some((group) => group.node.open);

  function relabel() {
    fold.textContent = unfolded() ? "Fold all" : "Unfold all";
  }

  function show() {
    const by = wanted();
    const words = by.find.toLowerCase().split(/\s+/u).filter(Boolean);
    const filtered = Boolean(words.length || by.env || by.what || by.why);
    let shown = 0;
    for (const group of groups) {
      sort(group, by.sort);
      let left = 0;
      for (const entry of group.entries) {
        const fit = fits(entry, by, words);
        if (entry.node.hidden === fit) entry.node.hidden = !fit;
        left += fit;
      }
      group.node.hidden = !left;
      group.count.textContent = number.format(left);
      if (filtered && left) group.node.open = true;
      shown += left;
    }
    nothing.hidden = shown > 0;
    const all = number.format(total);
    status.textContent = filtered ? `${number.format(shown)} of ${all} shown` : `${all} shown`;
    heading.dataset.part = filtered ? status.textContent : "";
    relabel();
  }

  function remember() {
    const set = Object.entries(wanted()).filter(([, value]) => value);
    const hash = set.length ? `#${new URLSearchParams(set)}` : location.pathname + location.search;
    try {
      history.replaceState(null, "", hash);
    } catch {
      // An address that cannot be changed changes nothing else.
    }
  }

  function recall(hash) {
    const set = new URLSearchParams(hash);
    for (const name of names) if (form.elements[name]) form.elements[name].value = set.get(name) ?? "";
    show();
  }

  function go() {
    const hash = location.hash.slice(1);
    if (!hash || hash.includes("=")) {
      recall(hash);
      return;
    }
    const target = hash && document.getElementById(hash);
    if (!target || !groups.some((group) => group.node.contains(target))) return;
    if (target.closest("[hidden]")) recall("");
    target.closest("details").open = true;
    target.scrollIntoView();
  }

  function changed() {
    show();
    remember();
  }

  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(changed));
  document.getElementById("all").addEventListener("click", () => {
    form.reset();
    form.elements.find.focus();
  });
  fold.addEventListener("click", () => {
    const folding = unfolded();
    for (const group of groups) group.node.open = !folding;
    relabel();
  });
  for (const group of groups) group.node.addEventListener("toggle", relabel);
  addEventListener("hashchange", go);

  form.hidden = false;
  go();
  show();
})();
