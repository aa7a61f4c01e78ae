'use strict';
// The search of the book, and the switch between its languages.
//
// A section is found if each word that was typed stands in it somewhere. So `파이프` finds `파이프는` too: in Korean,
// particles stick to nouns. A word that is found nowhere is tried again without the particle at its end.
(() => {
  const dialog = document.getElementById('search-box');
  const input = document.getElementById('search-words');
  const count = document.getElementById('search-count');
  const list = document.getElementById('search-found');
  const PARTICLES = /(에서는|으로는|에게서|에서|에게|으로|부터|까지|처럼|보다|은|는|이|가|을|를|의|에|로|와|과|도|만)$/;
  const MOST = 40;

  function load() {
    if (window.searchIndex || document.getElementById('search-index')) return;
    const script = document.createElement('script');
    script.id = 'search-index';
    script.src = path_to_root + 'search-index.js';
    script.addEventListener('load', show);
    document.head.append(script);
  }

  // How well a section fits: 0 if a word is missing. A title counts most, and most of all the whole title of a page.
  function score([, page, title, text], words) {
    let sum = 0;
    for (const word of words) {
      const has = where => where.toLowerCase().includes(word);
      const its = has(title) ? (title === page ? 20 : 10) : has(text) ? 2 : has(page) ? 1 : 0;
      if (its === 0) return 0;
      sum += its;
    }
    return title.toLowerCase() === words.join(' ') ? sum * 2 : sum;
  }

  function search(typed) {
    const index = window.searchIndex ?? [];
    const anywhere = word => index.some(section => score(section, [word]) > 0);
    const words = typed.toLowerCase().normalize('NFC').split(/\s+/).filter(word => word !== '')
      .map(word => anywhere(word) ? word : word.replace(PARTICLES, '') || word);
    if (words.length === 0) return { words, found: [] };
    const found = index.map((section, at) => ({ section, at, score: score(section, words) })).filter(one => one.score > 0);
    found.sort((a, b) => b.score - a.score || a.at - b.at);
    return { words, found: found.map(one => one.section) };
  }

  // A piece of the text around the first word, with all words marked.
  function teaser(text, words) {
    const lower = text.toLowerCase();
    const places = words.map(word => lower.indexOf(word)).filter(at => at >= 0);
    const at = places.length === 0 ? 0 : Math.max(0, Math.min(...places) - 40);
    const piece = (at > 0 ? '… ' : '') + text.slice(at, at + 130);
    const line = document.createElement('span');
    line.className = 'teaser';
    const pattern = words.map(word => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
    piece.split(new RegExp(`(${pattern})`, 'gi')).forEach((part, odd) => {
      const node = odd % 2 ? document.createElement('mark') : document.createTextNode(part);
      if (odd % 2) node.textContent = part;
      line.append(node);
    });
    return line;
  }

  function show() {
    const { words, found } = search(input.value);
    list.replaceChildren(...found.slice(0, MOST).map(([link, page, title, text]) => {
      const entry = document.createElement('li');
      const anchor = document.createElement('a');
      anchor.href = path_to_root + link;
      anchor.textContent = title === page ? page : `${page} › ${title}`;
      entry.append(anchor, teaser(text, words));
      return entry;
    }));
    if (words.length === 0) count.textContent = '';
    else count.textContent = found.length === 0 ? count.dataset.none : `${count.dataset.found}: ${found.length}`;
  }

  function open() {
    load();
    if (!dialog.open) dialog.showModal();
    input.select();
  }

  // Up and down go through what was found; from the first one up is the field again.
  function move(step) {
    const links = [...list.querySelectorAll('a')];
    const next = links.indexOf(document.activeElement) + step;
    if (next < 0) input.focus();
    else links[Math.min(next, links.length - 1)]?.focus();
  }

  document.body.append(dialog); // out of the bar, which moves
  document.getElementById('search-open').addEventListener('click', open);
  input.addEventListener('input', show);
  dialog.addEventListener('submit', event => {
    if (event.submitter?.value === '' && document.activeElement !== input) return;
    event.preventDefault();
    list.querySelector('a')?.click();
  });
  dialog.addEventListener('click', event => {
    if (event.target === dialog || event.target.closest('a')) dialog.close();
  });
  dialog.addEventListener('keydown', event => {
    event.stopPropagation(); // the arrows turn pages outside
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      move(event.key === 'ArrowDown' ? 1 : -1);
    }
  });
  document.addEventListener('keydown', event => {
    const typing = event.target.closest?.('input, textarea, select');
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '/' || event.key.toLowerCase() === 's') {
      event.preventDefault();
      open();
    }
  });

  // The other language shows the same place on the page.
  const other = document.querySelector('a.language');
  other.addEventListener('click', () => { other.hash = location.hash; });
})();
