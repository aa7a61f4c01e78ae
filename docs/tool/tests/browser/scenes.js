'use strict';
// Last in each page with scenes: plays them as a reader would, and reports to the frames around.
window.addEventListener('load', async () => {
  const problems = window.problems;
  const korean = document.documentElement.lang === 'ko';
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const report = { problems, width: innerWidth, lang: document.documentElement.lang, scenes: 0, questions: 0, events: 0, translated: 0 };
  const pause = ms => new Promise(done => setTimeout(done, ms));
  const turned = []; // keys that reach the page around, which turns with some of them
  document.addEventListener('keydown', event => turned.push(event.key));

  function scene(element, number) {
    const document_ = JSON.parse(element.querySelector('script').textContent);
    const { claim } = document_;
    // A call and its return, or its sleep, at once are one event.
    const events = document_.events.filter((event, at, all) => {
      const next = all[at + 1];
      return event.kind !== 'begin' || next.actor !== event.actor || (next.kind !== 'return' && next.kind !== 'sleep');
    });
    const last = events.length - 1;
    const named = `scene ${number + 1} (${document_.scenario})`;
    const check = (holds, what) => { if (!holds) problems.push(`${named}: ${what}`); };
    const part = name => element.querySelector(`.scene-${name}`);
    const key = (name, target = part('player')) =>
      target.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }));

    // The moment that is shown: its caption, what each process does, what is in the object, and the slider.
    function shows(at, how) {
      const event = events[at];
      const caption = part('caption').textContent;
      check(Number(element.dataset.at) === at, `${how}: event ${element.dataset.at} instead of ${at}`);
      const expected = [event.kind === 'question' ? '' : event.actor, event.text, event.call?.name, event.outcome,
        event.source && `:${event.source.line}`, ...(event.question?.options ?? [])];
      for (const words of expected.filter(Boolean)) check(caption.includes(words), `${how}: event ${at} does not say "${words}": ${caption}`);
      check(Number(part('slider').value) === at && part('count').textContent === `${at + 1} / ${last + 1}`, `${how}: the slider is elsewhere`);
      check(all('.scene-mark', element).filter(mark => !mark.hidden).length === at + 1, `${how}: not ${at + 1} events are seen`);
      if (event.state) {
        check(all('.scene-item', element).length === (event.state.contents ?? []).length, `${how}: other contents at event ${at}`);
        for (const name of event.state.sleeping ?? []) check(part('sleepers')?.textContent.includes(name), `${how}: ${name} is not seen to sleep`);
      }
      if (event.kind === 'sleep') {
        check(all('.scene-lane[data-state="sleep"]', element).some(lane => lane.textContent.includes(event.actor)), `${how}: ${event.actor} is awake at event ${at}`);
      }
      fits(at);
    }

    // Nothing leaves the player, nor the player the page.
    function fits(at) {
      const page = document.documentElement;
      const player = part('player').getBoundingClientRect();
      check(page.scrollWidth <= page.clientWidth, `wider than the window at event ${at}`);
      check(player.width > 250 && player.left >= 0 && player.right <= innerWidth, `the player leaves the window at event ${at}`);
      for (const inside of all('button, select, input, p, .scene-lane, .scene-object, .scene-mark, .scene-arrow', part('player'))) {
        const box = inside.getBoundingClientRect();
        if (box.width === 0) continue;
        check(box.left >= player.left - 1 && box.right <= player.right + 1 && box.top >= player.top - 1
          && box.bottom <= player.bottom + 1, `leaves the player at event ${at}: ${inside.outerHTML.slice(0, 90)}`);
      }
    }

    function steps() {
      shows(0, 'at first');
      for (let at = 1; at <= last; at += 1) {
        part('step').click();
        shows(at, 'by steps');
      }
      part('step').click();
      shows(last, 'beyond the end');
      part('back').click();
      shows(last - 1, 'a step back');
      for (const at of [0, Math.floor(last / 2), last, 1]) {
        part('slider').value = at;
        part('slider').dispatchEvent(new Event('input'));
        shows(at, 'by the slider');
      }
      for (const [name, at] of [['ArrowRight', 2], ['ArrowLeft', 1], ['End', last], ['Home', 0]]) {
        key(name);
        shows(at, `by ${name}`);
      }
      key('ArrowRight', part('slider'));
      shows(1, 'by the arrow on the slider');
      check(turned.length === 0, `keys reach the page: ${turned}`);
      report.events += last + 1;
    }

    function reads() {
      const text = part('text');
      const seen = () => text.getBoundingClientRect().height > 0;
      check(!seen(), 'the text is seen beside the player');
      part('fold').click();
      check(seen() && text.textContent.includes(document_.scenario) && part('fold').getAttribute('aria-expanded') === 'true', 'no text');
      part('fold').click();
      check(!seen(), 'the text cannot be folded');
      check(part('caption').getAttribute('aria-live') === 'polite', 'captions are not spoken');
      check(part('player').getAttribute('aria-label') === claim && part('claim').textContent === claim, 'no claim');
      for (const control of all('button, select, input', part('player'))) {
        const name = control.getAttribute('aria-label') ?? control.textContent;
        check(name && /[가-힣]/.test(name) === korean, `a control in the wrong language: ${control.outerHTML.slice(0, 90)}`);
      }
      const translated = /[가-힣]/.test(claim);
      check(korean || !translated, `the claim is in the wrong language: ${claim}`);
      report.translated += translated;
      part('player').focus();
      check(document.activeElement === part('player'), 'it cannot be reached by keys');
    }

    // On paper, the text instead of the player.
    function prints() {
      const rules = all('link[rel="stylesheet"]').flatMap(link => [...(link.sheet?.cssRules ?? [])])
        .filter(rule => rule instanceof CSSMediaRule && rule.media.mediaText === 'print');
      const style = document.createElement('style');
      style.textContent = rules.flatMap(rule => [...rule.cssRules]).filter(rule => /scene/.test(rule.selectorText))
        .map(rule => rule.cssText).join('\n');
      document.head.append(style);
      check(part('text').getBoundingClientRect().height > 50, 'the text is not printed');
      check(part('player').getBoundingClientRect().height === 0, 'the player is printed');
      style.remove();
    }

    // Each question is answered, the first one wrongly where there is room for a wrong answer.
    async function plays() {
      key('Home');
      part('speed').value = '4';
      key(' ');
      check(element.dataset.playing === 'true', 'the space bar does not start it');
      let asked = -1, focused = null;
      for (let waited = 0; element.dataset.playing === 'true' && waited < 25000; waited += 50) {
        await pause(50);
        const at = Number(element.dataset.at);
        const { kind, question } = events[at];
        if (kind !== 'question' || at === asked) continue;
        asked = at;
        await pause(4000);
        check(Number(element.dataset.at) === at, `it does not wait for the answer at event ${at}`);
        const wrong = innerWidth > 500;
        const options = all('.scene-options button', element);
        const chosen = options[wrong ? (question.answer + 1) % options.length : question.answer];
        chosen.focus();
        chosen.click();
        check(part('verdict').textContent !== '' && (part('options').querySelector('.is-wrong') !== null) === wrong, 'no verdict');
        const said = part('verdict').textContent;
        for (const option of options) option.click();
        check(part('verdict').textContent === said, 'a question is answered twice');
        check(options[question.answer].classList.contains('is-right'), 'the right answer is not shown');
        fits(at);
        key(' ', part('player'));
        await pause(4000);
        check(element.dataset.playing === 'false' && Number(element.dataset.at) === at, 'an answered question does not pause');
        key(' ', part('player'));
        check(element.dataset.playing === 'true', 'an answered question does not play on');
        report.questions += 1;
        focused = element;
      }
      shows(last, 'played');
      check(focused === null || part('player').contains(document.activeElement) || all('ipc-scene').length > 1, 'the focus is lost with the options');
      check(element.dataset.playing === 'false', 'it does not stop');
      part('play').click();
      check(element.dataset.playing === 'true' && element.dataset.at === '0', 'it does not play again');
      key(' ');
      check(element.dataset.playing === 'false', 'the space bar does not pause it');
    }

    report.scenes += 1;
    if (!('ready' in element.dataset)) return check(false, 'did not start');
    reads();
    prints();
    steps();
    return plays();
  }

  try {
    await Promise.all(all('ipc-scene').map(scene));
  } catch (error) {
    problems.push(String(error.stack));
  }
  parent.postMessage(report, '*');
});
