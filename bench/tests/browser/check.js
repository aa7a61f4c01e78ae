
'use strict';
window.addEventListener('load', async () => {
  const problems = window.problems;
  const report = { problems, width: innerWidth, figures: 0, series: 0, toggles: 0, choices: 0, values: 0, saved: 0 };
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const check = (holds, what) => { if (!holds) problems.push(what); };
  const seen = one => getComputedStyle(one).display !== 'none' && one.getClientRects().length > 0;
  const pressed = button => button.getAttribute('aria-pressed') === 'true';
  const overlap = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;

  function fits(where) {
    check(document.documentElement.scrollWidth <= innerWidth, `${where}: wider than the window by
      ${document.documentElement.scrollWidth - innerWidth}`);
  }

  // All text of a drawing lies within it, and no label covers another.
  function legible(plot, where) {
    const frame = plot.getBoundingClientRect();
    const texts = all('text', plot).filter(seen).map(text => [text.textContent, text.getBoundingClientRect()]);
    for (const [name, box] of texts) {
      check(box.left >= frame.left - 1 && box.right <= frame.right + 1 && box.top >= frame.top - 1 &&
        box.bottom <= frame.bottom + 1, `${where}: "${name}" leaves the drawing`);
      check(box.height >= 9, `${where}: "${name}" is ${box.height} pixels high`);
    }
    texts.forEach(([name, box], at) => {
      for (const [other, its] of texts.slice(at + 1)) check(!overlap(box, its), `${where}: "${name}" over "${other}"`);
    });
  }

  function toggles(figure) {
    const buttons = all('.legend [data-series]', figure);
    const of = button => all('.view.on .series', figure).filter(one => one.dataset.series === button.dataset.series);
    check(buttons.length > 0, `${figure.id}: no legend`);
    for (const button of buttons) {
      const name = `${figure.id} ${button.textContent}`;
      check(pressed(button) && of(button).every(seen), `${name}: not shown at first`);
      button.click();
      check(!pressed(button) && !of(button).some(seen), `${name}: still shown`);
      button.click();
      check(pressed(button) && of(button).every(seen), `${name}: not shown again`);
      report.toggles += 1;
    }
    const every = figure.querySelector('.legend .all');
    if (every === null) return;
    every.click();
    check(!all('.series', figure).some(seen), `${figure.id}: "none" leaves some`);
    every.click();
    check(all('.view.on .series', figure).every(seen), `${figure.id}: "all" leaves some out`);
  }

  function drawn(figure) {
    const on = all('.view', figure).filter(seen);
    check(on.length === 1, `${figure.id}: ${on.length} settings at once`);
    const where = `${figure.id} ${on[0].dataset.view}`;
    for (const series of all('.series', on[0])) {
      const paths = all('.line, .mark', series);
      const colour = getComputedStyle(paths[0]);
      check(paths.length > 0 && [colour.stroke, colour.fill].some(one => one.startsWith('rgb')), `${where}: no colour`);
      check(series.getBoundingClientRect().width > 0, `${where}: nothing drawn of ${series.dataset.name}`);
      report.series += 1;
    }
    legible(on[0].querySelector('.plot'), where);
  }

  function choices(figure) {
    for (const button of all('[data-choose]', figure)) {
      button.click();
      check(pressed(button) && all('[data-choose]', figure).filter(pressed).length === 1, `${figure.id}: pressed?`);
      check(figure.querySelector('.view.on').dataset.view === button.dataset.choose, `${figure.id}: not chosen`);
      drawn(figure);
      fits(`${figure.id} ${button.dataset.choose}`);
      report.choices += 1;
    }
    all('[data-choose]', figure)[0]?.click();
  }

  // The bands of many series would be one grey sheet: only that of the series that is looked at is there.
  function bands(figure, plot, what) {
    for (const band of all('.band', plot)) {
      const opacity = Number(getComputedStyle(band).fillOpacity);
      const wanted = band.parentNode.classList.contains('hot');
      check(wanted ? opacity > .1 : opacity === 0, `${figure.id}: a band ${what}: ${opacity}, ${wanted ? 'hot' : 'not'}`);
    }
  }

  function values(figure) {
    const plot = figure.querySelector('.view.on .plot');
    bands(figure, plot, 'at first');
    const tip = document.querySelector('.tip');
    for (const mark of all('.mark', plot)) {
      const box = mark.getBoundingClientRect();
      const at = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, bubbles: true };
      plot.dispatchEvent(new PointerEvent('pointermove', { pointerType: 'mouse', ...at }));
      check(!tip.hidden && tip.textContent !== '', `${figure.id}: no value to see`);
      const its = tip.getBoundingClientRect();
      check(its.left >= 0 && its.right <= innerWidth, `${figure.id}: the tip leaves the window`);
      report.values += 1;
    }
    bands(figure, plot, 'below the pointer');
    fits(`${figure.id} with a tip`);
    plot.dispatchEvent(new PointerEvent('pointerleave', { pointerType: 'mouse' }));
    check(tip.hidden, `${figure.id}: the tip stays`);
    plot.focus();
    check(document.activeElement === plot, `${figure.id}: cannot be reached by keys`);
    const said = new Set();
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown', 'ArrowDown', 'ArrowLeft', 'ArrowUp']) {
      plot.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
      said.add(figure.querySelector('.readout').textContent);
      bands(figure, plot, 'by keys');
    }
    check(!said.has('') && said.size > 1, `${figure.id}: keys say ${[...said].join('; ')}`);
    plot.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    check(tip.hidden, `${figure.id}: Escape leaves the tip`);
    plot.blur();
  }

  // Both ways to take a chart along, without writing a file.
  async function taken(figure) {
    let blob = null;
    let name = null;
    URL.createObjectURL = given => { blob = given; return 'blob:test'; };
    HTMLAnchorElement.prototype.click = function () { name = this.download; };
    const hidden = figure.querySelector('.legend [data-series]');
    hidden.click();
    figure.querySelector('.save').click();
    hidden.click();
    check(name === `ipc-${figure.id}.svg`, `${figure.id}: saved as ${name}`);
    const drawing = new DOMParser().parseFromString(await blob.text(), 'image/svg+xml');
    check(drawing.querySelector('parsererror') === null, `${figure.id}: not SVG`);
    const keys = new Set(all('.plot .series', drawing).map(one => one.dataset.series));
    check(keys.size > 0 && !keys.has(hidden.dataset.series), `${figure.id}: the drawing has ${[...keys]}`);
    check(drawing.querySelector('style') !== null && drawing.querySelector('.mark title') !== null, `${figure.id}: bare`);
    const link = figure.querySelector('a[download]');
    const lines = decodeURIComponent(link.getAttribute('href')).split('\r\n');
    check(lines.length > 2 && lines[0].includes('mechanism,'), `${figure.id}: data of ${lines.length} lines`);
    report.saved += 1;
  }

  try {
    fits('at first');
    const figures = all('figure');
    report.figures = figures.length;
    for (const figure of figures) {
      drawn(figure);
      toggles(figure);
      choices(figure);
      values(figure);
      await taken(figure);
    }
    for (const folded of all('details')) folded.open = true;
    fits('with everything open');
    for (const wide of all('.wide')) check(wide.getBoundingClientRect().right <= innerWidth, 'a table leaves the page');
  } catch (error) {
    problems.push(String(error.stack));
  }
  parent.postMessage(report, '*');
});
