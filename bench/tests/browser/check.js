'use strict';
window.addEventListener('load', async () => {
  const problems = window.problems;
  const report = { problems, width: innerWidth, figures: 0, series: 0, toggles: 0, choices: 0, values: 0, saved: 0 };
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const check = (holds, what) => { if (!holds) problems.push(what); };
  const seen = one => getComputedStyle(one).display !== 'none' && one.getClientRects().length > 0;
  const legend = document.querySelector('.legend'); // a page about other libraries alone has none
  const pressed = button => button.getAttribute('aria-pressed') === 'true';
  const overlap = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const plotOf = figure => all('.plot', figure).find(seen);

  function fits(where) {
    check(document.documentElement.scrollWidth <= innerWidth, `${where}: wider than the window by
      ${document.documentElement.scrollWidth - innerWidth}`);
  }

  // The first chart is on the first screen; on a phone it begins there.
  function first() {
    const plot = plotOf(document.querySelector('figure'));
    const box = plot.getBoundingClientRect();
    check(['round-trip', 'libraries'].includes(plot.closest('figure').id), 'another chart is the first');
    const end = innerWidth < 1280 ? box.top + 60 : box.bottom;
    check(end <= innerHeight, `the first chart is not on the first screen: ${end} of ${innerHeight}`);
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

  // One legend for the page: each button shows and hides its series in every chart.
  function toggles() {
    const buttons = all('.legend [data-series]');
    const of = button => all('.series').filter(one => seen(one.closest('.plot')) && one.dataset.series === button.dataset.series);
    const series = () => all('.series').filter(one => seen(one.closest('.plot')));
    check(all('.legend').length === 1, `${all('.legend').length} legends`);
    for (const button of buttons) {
      const name = button.textContent;
      check(pressed(button) && of(button).length > 1 && of(button).every(seen), `${name}: not shown at first`);
      button.click();
      check(!pressed(button) && !of(button).some(seen), `${name}: still shown`);
      button.click();
      check(pressed(button) && of(button).every(seen), `${name}: not shown again`);
      report.toggles += 1;
    }
    const every = document.querySelector('.legend .all');
    every.click();
    check(!series().some(seen) && every.textContent === 'show all', '"hide all" leaves some');
    every.click();
    check(series().every(seen) && every.textContent === 'hide all', '"show all" leaves some out');
  }

  function drawn(figure) {
    const on = all('.view', figure).filter(seen);
    check(on.length === 1, `${figure.id}: ${on.length} settings at once`);
    const where = `${figure.id} ${on[0].dataset.view}`;
    const plot = plotOf(on[0]);
    check(all('.plot', on[0]).filter(seen).length === 1, `${where}: more than one drawing`);
    for (const series of all('.series', plot)) {
      const paths = all('.line, .mark', series);
      const colour = getComputedStyle(paths[0]);
      check(paths.length > 0 && [colour.stroke, colour.fill].some(one => one.startsWith('rgb')), `${where}: no colour`);
      check(series.getBoundingClientRect().width > 0, `${where}: nothing drawn of ${series.dataset.series}`);
      check(all('.label', series).length === 1, `${where}: ${series.dataset.series} has no name`);
      report.series += 1;
    }
    const names = all('.series .label', plot).map(label => label.textContent);
    check(new Set(names).size === names.length, `${where}: two of one name: ${names.join(', ')}`);
    legible(plot, where);
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

  function values(figure) {
    const plot = plotOf(figure);
    const tip = document.querySelector('.tip');
    for (const mark of all('.mark', plot).filter(mark => mark.dataset.text !== undefined)) {
      const box = mark.getBoundingClientRect();
      const at = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, bubbles: true };
      plot.dispatchEvent(new PointerEvent('pointermove', { pointerType: 'mouse', ...at }));
      check(!tip.hidden && tip.textContent !== '', `${figure.id}: no value to see`);
      const its = tip.getBoundingClientRect();
      check(its.left >= 0 && its.right <= innerWidth, `${figure.id}: the tip leaves the window`);
      report.values += 1;
    }
    fits(`${figure.id} with a tip`);
    plot.dispatchEvent(new PointerEvent('pointerleave', { pointerType: 'mouse' }));
    check(tip.hidden, `${figure.id}: the tip stays`);
    plot.focus();
    check(document.activeElement === plot, `${figure.id}: cannot be reached by keys`);
    const said = new Set();
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown', 'ArrowDown', 'ArrowLeft', 'ArrowUp']) {
      plot.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
      said.add(figure.querySelector('.readout').textContent);
    }
    check(!said.has('') && said.size > 1, `${figure.id}: keys say ${[...said].join('; ')}`);
    plot.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    check(tip.hidden, `${figure.id}: Escape leaves the tip`);
    plot.blur();
  }

  // Both ways to take a chart along, without writing a file. What is hidden is left out.
  async function taken(figure) {
    let blob = null;
    let name = null;
    URL.createObjectURL = given => { blob = given; return 'blob:test'; };
    HTMLAnchorElement.prototype.click = function () { name = this.download; };
    const hidden = legend?.querySelector('[data-series]');
    hidden?.click();
    figure.querySelector('.save').click();
    hidden?.click();
    check(name === `ipc-${figure.id}.svg`, `${figure.id}: saved as ${name}`);
    const drawing = new DOMParser().parseFromString(await blob.text(), 'image/svg+xml');
    check(drawing.querySelector('parsererror') === null, `${figure.id}: not SVG`);
    const keys = new Set(all('.plot .series', drawing).map(one => one.dataset.series));
    check(keys.size > 0 && !keys.has(hidden?.dataset.series), `${figure.id}: the drawing has ${[...keys]}`);
    check(drawing.querySelector('style') !== null && drawing.querySelector('.mark title') !== null, `${figure.id}: bare`);
    const link = figure.querySelector('a[download]');
    const lines = decodeURIComponent(link.getAttribute('href')).split('\r\n');
    check(lines.length > 2 && lines[0].includes('mechanism,'), `${figure.id}: data of ${lines.length} lines`);
    report.saved += 1;
  }

  // Paper shows what is folded, and the screen is as before.
  function printed() {
    const open = () => all('details').filter(one => one.open).length;
    const before = open();
    dispatchEvent(new Event('beforeprint'));
    check(open() === all('details').length, 'something stays folded on paper');
    dispatchEvent(new Event('afterprint'));
    check(open() === before, 'printing leaves something unfolded');
  }

  // A table shows its last column, or moves within its own box while its first column stays.
  function tables() {
    for (const folded of all('details')) folded.open = true;
    fits('with everything open');
    for (const wide of all('.wide')) {
      const name = wide.getAttribute('aria-label');
      check(wide.getBoundingClientRect().right <= innerWidth, `${name}: leaves the page`);
      if (innerWidth >= 1280) check(wide.scrollWidth <= wide.clientWidth, `${name}: hides a column of ${wide.scrollWidth}`);
      wide.scrollLeft = 1000;
      const first = wide.querySelector('tbody th').getBoundingClientRect();
      check(Math.abs(first.left - wide.getBoundingClientRect().left) < 1, `${name}: the first column leaves`);
      const last = [...wide.querySelector('tbody tr').children].pop().getBoundingClientRect();
      check(last.right <= wide.getBoundingClientRect().right + 1, `${name}: the last column cannot be reached`);
    }
  }

  try {
    fits('at first');
    const figures = all('figure');
    report.figures = figures.length;
    if (figures.length > 0) {
      first();
      if (legend) toggles();
    }
    for (const figure of figures) {
      drawn(figure);
      choices(figure);
      values(figure);
      await taken(figure);
    }
    printed();
    tables();
  } catch (error) {
    problems.push(String(error.stack));
  }
  parent.postMessage(report, '*');
});
