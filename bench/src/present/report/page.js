'use strict';
(() => {
  const SVG = 'http://www.w3.org/2000/svg';
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  tip.setAttribute('aria-hidden', 'true'); // a screen reader gets the same from the figure's status line
  document.body.append(tip);

  // The browser's own tips would stand beside ours.
  for (const mark of all('.plot .mark')) {
    const title = mark.querySelector('title');
    if (title === null) continue;
    mark.dataset.text = title.textContent;
    const [x, y] = mark.getAttribute('transform').match(/-?[\d.]+/g).map(Number);
    mark.place = { x, y };
    title.remove();
  }
  all('figure').forEach(wire);
  legend();
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') all('figure').forEach(leave);
  });

  // Paper cannot be unfolded.
  let folded = [];
  window.addEventListener('beforeprint', () => {
    folded = all('details:not([open])');
    for (const one of folded) one.open = true;
  });
  window.addEventListener('afterprint', () => { for (const one of folded) one.open = false; });

  function wire(figure) {
    for (const button of all('[data-choose]', figure)) {
      button.addEventListener('click', () => choose(button.dataset.choose));
    }
    figure.querySelector('.save').addEventListener('click', () => save(figure));
    for (const plot of all('.plot', figure)) {
      plot.addEventListener('pointermove', event => point(figure, nearest(plot, event)));
      plot.addEventListener('pointerdown', event => point(figure, nearest(plot, event)));
      plot.addEventListener('pointerleave', event => { if (event.pointerType === 'mouse') leave(figure); });
      plot.addEventListener('keydown', event => walk(figure, plot, event));
      plot.addEventListener('blur', () => leave(figure));
    }
  }

  // One legend shows and hides a series in every chart.
  function legend() {
    const buttons = all('.legend [data-series]');
    const isOn = button => button.getAttribute('aria-pressed') === 'true';
    for (const button of buttons) {
      button.addEventListener('click', () => {
        show(button, !isOn(button));
        heat(document, isOn(button) ? button.dataset.series : null);
        name();
      });
      button.addEventListener('focus', () => {
        if (isOn(button) && button.matches(':focus-visible')) heat(document, button.dataset.series);
      });
      button.addEventListener('blur', () => heat(document, null));
      button.addEventListener('pointerenter', () => heat(document, isOn(button) ? button.dataset.series : null));
      button.addEventListener('pointerleave', () => heat(document, null));
    }
    const every = document.querySelector('.legend .all');
    const name = () => { if (every !== null) every.textContent = buttons.some(isOn) ? 'hide all' : 'show all'; };
    if (every !== null) every.addEventListener('click', () => {
      const on = !buttons.some(isOn);
      for (const button of buttons) show(button, on);
      name();
    });
  }

  function show(button, on) {
    button.setAttribute('aria-pressed', String(on));
    for (const series of all('.series')) {
      if (series.dataset.series === button.dataset.series) series.classList.toggle('off', !on);
    }
  }

  // Shows a setting in every figure that has it.
  function choose(name) {
    for (const figure of all('figure')) {
      const views = all('.view', figure);
      if (!views.some(view => view.dataset.view === name)) continue;
      leave(figure);
      for (const view of views) view.classList.toggle('on', view.dataset.view === name);
      for (const button of all('[data-choose]', figure)) {
        button.setAttribute('aria-pressed', String(button.dataset.choose === name));
      }
    }
  }

  function heat(within, key) {
    for (const plot of all('.plot', within)) {
      const own = all('.series', plot);
      for (const series of own) series.classList.toggle('hot', series.dataset.series === key);
      plot.classList.toggle('picked', own.some(series => series.classList.contains('hot')));
    }
  }

  const marks = plot => all('.series:not(.off) .mark', plot);
  const far = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

  // The mark below the pointer, or not far from it.
  function nearest(plot, event) {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(plot.getScreenCTM().inverse());
    const closest = marks(plot).reduce((best, mark) =>
      best === null || far(mark.place, at) < far(best.place, at) ? mark : best, null);
    return closest !== null && far(closest.place, at) < 60 ? closest : null;
  }

  function point(figure, mark) {
    for (const other of all('.mark.at', figure)) other.classList.remove('at');
    heat(figure, mark === null ? null : mark.parentNode.dataset.series);
    tip.hidden = mark === null;
    if (mark === null) return;
    mark.classList.add('at');
    tip.textContent = mark.dataset.text;
    figure.querySelector('.readout').textContent = mark.dataset.text;
    const box = mark.getBoundingClientRect();
    const room = document.documentElement.clientWidth - tip.offsetWidth - 4;
    const above = box.top - tip.offsetHeight - 6;
    tip.style.left = Math.max(4, Math.min(room, box.left + box.width / 2 - tip.offsetWidth / 2)) + 'px';
    tip.style.top = (above < 4 ? box.bottom + 6 : above) + 'px';
  }

  function leave(figure) {
    point(figure, null);
  }

  // Arrow keys: along a series, and from one to the next.
  function walk(figure, plot, event) {
    const here = plot.querySelector('.mark.at');
    const series = all('.series:not(.off)', plot).filter(one => one.querySelector('.mark') !== null);
    if (series.length === 0 || !event.key.startsWith('Arrow')) return;
    event.preventDefault();
    if (here === null) return point(figure, series[0].querySelector('.mark'));
    const own = all('.mark', here.parentNode);
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step !== undefined) return point(figure, own[own.indexOf(here) + step] ?? here);
    const turn = event.key === 'ArrowDown' ? 1 : -1;
    const next = series[(series.indexOf(here.parentNode) + turn + series.length) % series.length];
    const closest = all('.mark', next).reduce((a, b) =>
      Math.abs(b.place.x - here.place.x) < Math.abs(a.place.x - here.place.x) ? b : a);
    point(figure, closest);
  }

  // The chart as it is shown, as a file of its own.
  function drawing(figure) {
    const view = figure.querySelector('.view.on') ?? figure.querySelector('.view');
    const copy = view.querySelector('.at-wide').cloneNode(true);
    const [, , width, height] = copy.getAttribute('viewBox').split(' ').map(Number);
    copy.classList.remove('picked');
    for (const hidden of all('.series.off', copy)) hidden.remove();
    for (const hot of all('.hot, .at', copy)) hot.classList.remove('hot', 'at');
    for (const mark of all('[data-text]', copy)) {
      mark.append(element('title', mark.dataset.text));
      mark.removeAttribute('data-text');
    }
    copy.setAttribute('width', width);
    copy.setAttribute('height', height);
    copy.removeAttribute('tabindex');
    copy.querySelector('desc').after(element('style', document.getElementById('chart-style').textContent));
    return new XMLSerializer().serializeToString(copy);
  }

  function element(name, text) {
    const made = document.createElementNS(SVG, name);
    made.textContent = text;
    return made;
  }

  function save(figure) {
    const address = URL.createObjectURL(new Blob([drawing(figure)], { type: 'image/svg+xml' }));
    const link = document.createElement('a');
    link.href = address;
    link.download = `ipc-${figure.id}.svg`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }
})();
