// Live updates, ages, local times and log following. Reading works without any of it.
(() => {
  "use strict";
  const root = document.documentElement;
  const skew = Number(root.dataset.now || Date.now()) - Date.now();
  const live = document.getElementById("live-state");

  // --- Ages: the same words as the server's `age`.
  const ageOf = (ms) => {
    const s = Math.floor(Math.max(0, ms) / 1000);
    if (s < 1) return "now";
    if (s < 60) return s + " s ago";
    if (s < 3600) return Math.floor(s / 60) + " min ago";
    if (s < 48 * 3600) return Math.floor(s / 3600) + " h ago";
    return Math.floor(s / 86400) + " d ago";
  };
  const spanOf = (ms) => {
    const s = Math.floor(Math.max(0, ms) / 1000);
    const two = (n) => String(n).padStart(2, "0");
    if (s < 60) return s + " s";
    if (s < 3600) return Math.floor(s / 60) + " min " + two(s % 60) + " s";
    if (s < 86400) return Math.floor(s / 3600) + " h " + two(Math.floor(s / 60) % 60) + " min";
    return Math.floor(s / 86400) + " d " + Math.floor(s / 3600) % 24 + " h";
  };
  const tick = () => {
    if (document.hidden) return;
    const now = Date.now() + skew;
    for (const e of document.querySelectorAll("[data-age]")) e.textContent = ageOf(now - Number(e.dataset.age));
    for (const e of document.querySelectorAll("[data-running]")) e.textContent = spanOf(now - Number(e.dataset.running));
  };
  setInterval(tick, 1000);

  // --- Local time on hover or focus.
  const localise = (event) => {
    const time = event.target.closest && event.target.closest("time[datetime]");
    if (!time || time.dataset.local) return;
    time.dataset.local = "1";
    const at = new Date(time.getAttribute("datetime"));
    const text = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
    time.title = text + " local time\n" + at.toISOString().slice(0, 19).replace("T", " ") + " UTC";
  };
  document.addEventListener("pointerover", localise);
  document.addEventListener("focusin", localise);

  // --- Live updates: a morph that leaves alone what the reader opened, selected or types into.
  if (window.Idiomorph) {
    const callbacks = Idiomorph.defaults.callbacks;
    callbacks.beforeNodeMorphed = (old) => !(old.dataset && "keep" in old.dataset);
    callbacks.beforeAttributeUpdated = (name, node) => !(name === "open" && node.tagName === "DETAILS");
  }
  const say = (state, text) => {
    if (!live) return;
    live.dataset.state = state;
    live.textContent = text;
  };
  const stale = () => {
    if (live && live.dataset.state === "stale") return;
    say("stale", "stale since " + new Date(Date.now() + skew).toISOString().slice(11, 19));
  };
  const target = document.getElementById("live");
  let missed = false;
  const counter = document.getElementById("count-alarms");
  const refresh = () => { for (const part of [target, counter]) if (part) part.dispatchEvent(new CustomEvent("refresh")); };
  // A browser opens few connections to one server, for all its tabs together: a page that nobody sees has none.
  const eventSource = (url) => {
    const listeners = [];
    let real = null;
    const open = () => {
      real = new EventSource(url);
      real.onopen = (event) => outer.onopen && outer.onopen(event);
      real.onerror = (event) => {
        outer.readyState = real.readyState;
        if (outer.readyState === EventSource.CLOSED) outer.close();
        if (outer.onerror) outer.onerror(event);
      };
      for (const [name, heard] of listeners) real.addEventListener(name, heard);
    };
    const close = () => { if (real) real.close(); real = null; };
    const look = () => {
      if (document.hidden) close();
      else if (!real) open();
    };
    const outer = {
      readyState: EventSource.CONNECTING,
      addEventListener: (name, heard) => {
        listeners.push([name, heard]);
        if (real) real.addEventListener(name, heard);
      },
      removeEventListener: (name, heard) => {
        const at = listeners.findIndex((one) => one[0] === name && one[1] === heard);
        if (at >= 0) listeners.splice(at, 1);
        if (real) real.removeEventListener(name, heard);
      },
      close: () => { document.removeEventListener("visibilitychange", look); close(); },
    };
    document.addEventListener("visibilitychange", look);
    look();
    return outer;
  };
  let source;
  if (window.htmx) htmx.createEventSource = (url) => (source = eventSource(url));
  // What changed since the page was written, or while nobody listened, no event tells any more.
  document.addEventListener("htmx:sseOpen", () => {
    refresh();
    say("live", "live");
  });
  document.addEventListener("htmx:sseError", stale);
  // A stream that is cut because the page is left is no error; a page that comes back from the cache is old.
  addEventListener("pagehide", () => source && source.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  // The numbers of a live update are new, or as old as the server remembers them.
  const counted = document.querySelector("#counted time");
  document.addEventListener("htmx:afterRequest", ({ detail: { elt, successful, xhr } }) => {
    if (elt !== target || !successful || !counted) return;
    const at = Date.now() + skew - Number(xhr.getResponseHeader("age")) * 1000;
    counted.dataset.age = at;
    counted.dateTime = new Date(at).toISOString();
    delete counted.dataset.local;
    tick();
  });
  document.addEventListener("htmx:sendError", stale);
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 401) location.reload();
    else stale();
  });
  // What the reader went to since the page came, such as a part of a plot, stands in the address.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target === target) event.detail.path = location.pathname + location.search;
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const selecting = !getSelection().isCollapsed && target && target.contains(getSelection().anchorNode);
    if (event.target !== target || !(document.hidden || selecting)) return;
    missed = true;
    event.preventDefault();
  });
  const catchUp = () => {
    if (!missed || document.hidden || !getSelection().isCollapsed) return;
    missed = false;
    refresh();
  };
  document.addEventListener("visibilitychange", () => { tick(); catchUp(); });
  document.addEventListener("selectionchange", catchUp);

  // --- Confirmation boxes close with Escape or a click elsewhere.
  const close = (except) => {
    for (const box of document.querySelectorAll("details.confirm[open]")) if (box !== except) box.open = false;
  };
  document.addEventListener("click", (event) => close(event.target.closest("details.confirm")));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const box = document.querySelector("details.confirm[open]");
      if (box) { box.open = false; box.querySelector("summary").focus(); }
    }
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
      const find = document.getElementById("find");
      if (find) { event.preventDefault(); find.focus(); }
    }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-close]");
    if (button) { const box = button.closest("details"); box.open = false; box.querySelector("summary").focus(); }
  });

  // --- Log following: long polls of the public interface; text only, never markup.
  const KEEP = 1 << 20;
  const clean = (text) => text.replace(/\x1b\[[0-9;?]*[ -/]*[@-~]/g, "").replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g, "\ufffd");
  const append = (pre, text) => {
    const atEnd = pre.scrollHeight - pre.scrollTop - pre.clientHeight < 24;
    pre.append(clean(text));
    while (pre.textContent.length > KEEP && pre.childNodes.length > 1) pre.firstChild.remove();
    if (atEnd) pre.scrollTop = pre.scrollHeight;
  };
  const whenSeen = async () => {
    while (document.hidden) await new Promise((go) => document.addEventListener("visibilitychange", go, { once: true }));
  };
  const follow = async (pre) => {
    const note = document.getElementById(pre.dataset.note);
    const tell = (text, on) => { if (note) { note.textContent = text; note.classList.toggle("log-live", !!on); } };
    const decoder = new TextDecoder("utf-8");
    let offset = Number(pre.dataset.offset || 0);
    let pause = 500;
    tell("following", true);
    while (pre.isConnected) {
      const poll = new AbortController();
      const look = () => document.hidden && poll.abort();
      try {
        await whenSeen();
        document.addEventListener("visibilitychange", look);
        const url = pre.dataset.url + "&offset=" + offset + "&wait_s=25";
        const answer = await fetch(url, { headers: { accept: "text/plain" }, cache: "no-store", signal: poll.signal });
        if (answer.status === 401) return tell("logged out");
        if (answer.status === 404 || answer.status === 503 || answer.status === 429) throw new Error(answer.status);
        if (!answer.ok) return tell("cannot follow: " + answer.status);
        const bytes = new Uint8Array(await answer.arrayBuffer());
        const next = Number(answer.headers.get("pilotage-next-offset"));
        offset = Number.isFinite(next) && next > 0 ? next : offset + bytes.length;
        if (bytes.length) append(pre, decoder.decode(bytes, { stream: true }));
        pause = 500;
        tell("following", true);
        if (answer.headers.get("pilotage-log-state") === "complete") return tell("complete");
      } catch (error) {
        if (poll.signal.aborted) continue;
        tell("waiting for the server");
        await new Promise((go) => setTimeout(go, pause));
        pause = Math.min(pause * 2, 8000);
      } finally {
        document.removeEventListener("visibilitychange", look);
      }
    }
  };
  const start = () => {
    for (const pre of document.querySelectorAll("pre.log")) pre.scrollTop = pre.scrollHeight;
    for (const pre of document.querySelectorAll("pre[data-url]")) follow(pre);
    tick();
  };
  start();
})();
