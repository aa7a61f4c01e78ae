'use strict';
// Last in each page: looks at it as a reader would, and reports to the frames around.
window.addEventListener('load', async () => {
  const problems = window.problems;
  const check = (holds, what) => { if (!holds) problems.push(what); };
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const report = { problems, width: innerWidth, lang: document.documentElement.lang, pictures: 0, searches: 0 };

  // Nothing scrolls sideways but code, tables and pictures, each in its own box.
  function fits() {
    for (const box of [document.documentElement, ...all('.page, .content, main, #search-box')]) {
      const over = box.scrollWidth - box.clientWidth;
      if (over <= 0) continue;
      const wide = all('*', box).filter(one => one.getBoundingClientRect().right > innerWidth + 1
        && !one.closest('pre, .table-wrapper, .picture-box, .sidebar'));
      problems.push(`wider than the window by ${over}: ${wide.slice(0, 3).map(one => one.outerHTML.slice(0, 120)).join(' ')}`);
    }
    for (const table of all('main table')) {
      const box = table.closest('.table-wrapper');
      check(box && box.getBoundingClientRect().right <= innerWidth + 1, 'a table is not in a box that scrolls');
    }
  }

  // A picture is there, its labels are inside, and none covers another.
  function pictures() {
    for (const picture of all('main .picture-box svg')) {
      const name = picture.getAttribute('aria-label');
      // Of a picture that is drawn twice, one drawing is shown.
      const box = picture.closest('.picture-box');
      const twin = box.matches('.wide') ? box.nextElementSibling : box.matches('.narrow') ? box.previousElementSibling : null;
      const shown = element => getComputedStyle(element).display !== 'none';
      if (twin && !shown(box)) {
        check(shown(twin), `neither drawing of "${name}" is shown`);
        continue;
      }
      const frame = picture.getBoundingClientRect();
      check(frame.width > 100 && frame.height > 20, `"${name}" is not seen`);
      check(name, 'a picture without words');
      const labels = all('text', picture).map(label => [label.textContent, label.getBoundingClientRect()]);
      labels.forEach(([label, box], at) => {
        check(box.left >= frame.left - 1 && box.right <= frame.right + 1 && box.top >= frame.top - 1
          && box.bottom <= frame.bottom + 1, `"${name}": "${label}" leaves the picture`);
        for (const [other, its] of labels.slice(at + 1)) {
          const over = box.left < its.right - 2 && its.left < box.right - 2 && box.top < its.bottom - 3 && its.top < box.bottom - 3;
          check(!over, `"${name}": "${label}" covers "${other}"`);
        }
      });
      report.pictures += 1;
    }
    for (const image of all('main img')) check(image.complete && image.naturalWidth > 0, `no picture: ${image.src}`);
  }

  function language() {
    const link = document.querySelector('a.language');
    check(link && link.lang !== report.lang && link.lang === link.hreflang && link.getAttribute('aria-label'), 'no other language');
    link.focus();
    check(document.activeElement === link, 'the other language cannot be reached by keys');
    link.blur();
  }

  const key = (target, key) => target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  const input = document.getElementById('search-words');
  const found = () => all('#search-found a').map(link => link.getAttribute('href'));

  function type(words) {
    input.value = words;
    input.dispatchEvent(new Event('input'));
    report.searches += 1;
    return found();
  }

  async function search() {
    const dialog = document.getElementById('search-box');
    key(document.body, '/');
    check(dialog.open, 'the key / does not open the search');
    for (let wait = 0; !window.searchIndex && wait < 200; wait += 1) await new Promise(done => setTimeout(done, 20));
    const index = window.searchIndex;
    check(index?.length > 20, 'there is no index');
    // Each page is found by its title.
    const pages = new Map(index.map(([link, page]) => [link.split('#')[0], page]));
    for (const [link, title] of pages) {
      check(type(title).some(one => one.startsWith(path_to_root + link)), `${link} is not found by "${title}"`);
    }
    check(type('zzzz').length === 0 && document.getElementById('search-count').textContent !== '', 'zzzz is found');
    check(type('  ').length === 0, 'nothing is found');
    check(type('msgsnd MSGRCV').length > 0, 'two words, one in capitals, are not found');
    // Particles stick to Korean nouns.
    window.searchIndex = [['a.html#a', '관', '관', '파이프는 커널의 버퍼다.'], ['b.html#b', '메시지 큐', '키', '큐에서 읽는다']];
    for (const [words, link] of [['파이프', 'a'], ['파이프가', 'a'], ['버퍼', 'a'], ['메시지 큐', 'b'], ['큐를', 'b'], ['파', 'a']]) {
      check(type(words).join() === `${path_to_root}${link}.html#${link}`, `${words}: ${found().join()}`);
    }
    check(type('파이프 큐').length === 0, 'all words must be there');
    window.searchIndex = index;
    // By keys: down to the first, up to the field.
    const first = type('a')[0];
    key(input, 'ArrowDown');
    check(document.activeElement.getAttribute('href') === first, 'the arrow does not reach what was found');
    key(document.activeElement, 'ArrowUp');
    check(document.activeElement === input, 'the arrow does not reach the field');
    const box = dialog.getBoundingClientRect();
    check(box.left >= 0 && box.right <= innerWidth && box.bottom <= innerHeight, 'the search leaves the window');
    dialog.close();
  }

  try {
    fits();
    pictures();
    language();
    if (/\/index\.html$|\/pipe\/run\.html$/.test(location.pathname)) await search();
    fits();
  } catch (error) {
    problems.push(String(error.stack));
  }
  parent.postMessage(report, '*');
});
