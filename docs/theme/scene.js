'use strict';
// Plays a scene: the events of real processes at one kernel object, recorded by `ipc-NAME scenario SCENE --json`.
//
// <ipc-scene> holds the recorded document and its text. Without this script the text is all there is. With it, each process
// has a lane, as has the object between them; an event is a mark on the lane of its process. A moment is the number of the
// latest event.
(() => {
  // The calls that put something into an object, and those that take something out; and those that do so in memory.
  const INTO = /^(msgsnd|mq_send|p?write|send|sendmsg|sendto)$/;
  const OUT_OF = /^(msgrcv|mq_receive|p?read|recv|recvmsg|recvfrom)$/;
  const IN_MEMORY = { store: 1, fetch_add: 1, load: -1 };
  // The words that a reader sees; docs/build translates what is between single quotes.
  const VERBS = { object: 'is created:', start: 'starts', begin: 'begins', sleep: 'sleeps', exit: 'exits' };
  const STATES = { begin: 'in a call', sleep: 'asleep', exit: 'has ended', kill: 'killed' };
  const WORDS = {
    play: 'Play', pause: 'Pause', back: 'Back', step: 'Step', moment: 'Moment', speed: 'Speed', asText: 'As text',
    empty: 'empty', full: 'full', gone: 'not there', slept: 'slept',
    ask: 'What happens next?', right: 'Right.', wrong: 'No. See what happens.',
  };
  const LASTING = ['start', 'begin', 'sleep', 'return', 'exit', 'kill'];
  const MARKS = { check: '✓', question: '?', kill: '✕' };

  function make(tag, name, text, attributes = {}) {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (text !== undefined) element.textContent = text;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  }

  const called = ({ name, args = [] }) => args.length > 0 ? `${name}(${args.join(', ')})` : name;

  // What is true after each event: what each process did last, and what the kernel reports of the object.
  function moments({ actors, events }) {
    const states = new Map(actors.map(actor => [actor.name, { state: 'absent', call: '' }]));
    return events.map(event => {
      const call = event.call ? called(event.call) : '';
      const within = event.kind === 'begin' || event.kind === 'sleep';
      if (states.has(event.actor) && LASTING.includes(event.kind)) states.set(event.actor, { state: event.kind, call: within ? call : '' });
      return { states: new Map(states), object: event.state };
    });
  }

  // A call that returns or sleeps at once is one event.
  const isSeen = ({ kind, actor }, at, events) =>
    !(kind === 'begin' && events[at + 1]?.actor === actor && ['return', 'sleep'].includes(events[at + 1].kind));

  // Whether an event moves something into the object (1), out of it (-1), or nothing.
  function direction(event, before, after) {
    if (event.kind !== 'return' || event.ok === false) return 0;
    const { name, args } = event.call;
    if (name in IN_MEMORY) return IN_MEMORY[name];
    if (args.length === 0) return Math.sign(after?.used - before?.used) || 0; // several calls, in words
    // What is handed to a sleeper is never in the object. A call that changes nothing was for another one.
    const handed = event.slept_ms !== null || before?.sleeping?.length > 0;
    if ((before?.used === after?.used && !handed) || /^0\b/.test(event.outcome)) return 0;
    return INTO.test(name) ? 1 : OUT_OF.test(name) ? -1 : 0;
  }

  class Scene extends HTMLElement {
    connectedCallback() {
      if (this.scene) return;
      this.scene = JSON.parse(this.querySelector('script').textContent);
      this.scene.events = this.scene.events.filter(isSeen);
      this.moments = moments(this.scene);
      this.last = this.scene.events.length - 1;
      this.fills = this.scene.events.some(event => event.state?.used === 0); // a file or memory is always full
      this.text = make('div', 'scene-text');
      this.text.append(...this.childNodes);
      this.player = make('div', 'scene-player', undefined, { role: 'group', tabindex: '0', 'aria-label': this.scene.claim });
      this.player.append(make('p', 'scene-claim', this.scene.claim), this.stage(), this.slide(), this.told(), this.controls());
      this.append(this.player, this.text);
      this.player.addEventListener('keydown', event => this.key(event));
      new ResizeObserver(() => this.aim()).observe(this.lanes);
      this.show(0);
      this.dataset.ready = '';
    }

    // The column of an event, as a part of the width.
    column(at) {
      return `${100 * (at + 0.5) / (this.last + 1)}%`;
    }

    // The lanes, with the object between the first half of the processes and the rest.
    stage() {
      const { actors, object } = this.scene;
      this.lanes = make('div', 'scene-lanes', undefined, { 'aria-hidden': 'true' });
      this.rows = new Map();
      const processes = actors.map(actor => this.lane(actor));
      const half = Math.ceil(actors.length / 2);
      this.object = make('div', 'scene-object');
      this.object.head = make('div', 'scene-head');
      this.object.contents = make('div', 'scene-contents');
      this.object.level = make('div', 'scene-level');
      this.object.level.append(make('div'));
      this.object.append(this.object.head, this.object.contents, this.object.level);
      this.object.title = object.what;
      const ticks = make('div', 'scene-track scene-ticks');
      this.marks = this.scene.events.map((event, at) => {
        const mark = make('i', `scene-mark is-${event.kind}`, MARKS[event.kind]);
        if (event.ok === false) mark.classList.add('is-refused');
        mark.style.insetInlineStart = this.column(at);
        (this.rows.get(event.actor)?.track ?? ticks).append(mark);
        return mark;
      });
      this.arrows = this.scene.events.flatMap((event, at) => {
        const way = direction(event, this.moments[at - 1]?.object, this.moments[at].object);
        if (way === 0 || !this.rows.has(event.actor)) return [];
        const arrow = make('div', 'scene-arrow');
        arrow.style.insetInlineStart = this.column(at);
        return [{ arrow, at, way, row: this.rows.get(event.actor) }];
      });
      this.now = make('div', 'scene-playhead');
      this.lanes.append(this.now, ...processes.slice(0, half), this.object, ...processes.slice(half), ticks,
        ...this.arrows.map(({ arrow }) => arrow));
      return this.lanes;
    }

    lane({ name, pid }) {
      const lane = make('div', 'scene-lane');
      const head = make('div', 'scene-head');
      const track = make('div', 'scene-track');
      const doing = make('span', 'scene-doing');
      head.append(make('b', '', name), make('small', '', pid), doing);
      const past = make('div', 'scene-past');
      track.append(past);
      lane.append(head, track);
      this.rows.set(name, { lane, track, doing });
      // A thin line while the process lives, a broad one while it sleeps.
      const spans = [];
      let lives = null, sleeps = null;
      this.scene.events.forEach(({ actor, kind }, at) => {
        if (actor !== name || !LASTING.includes(kind)) return; // a signal or a remark ends nothing
        lives ??= at;
        if (sleeps !== null) spans.push(['is-sleep', sleeps, at]);
        sleeps = kind === 'sleep' ? at : null;
        if (kind === 'exit' || kind === 'kill') {
          spans.push(['is-life', lives, at]);
          lives = Infinity;
        }
      });
      if (lives !== null && lives <= this.last) spans.push(['is-life', lives, this.last]);
      if (sleeps !== null) spans.push(['is-sleep', sleeps, this.last]);
      for (const [kind, from, to] of spans) {
        const span = make('div', `scene-span ${kind}`);
        span.style.insetInlineStart = this.column(from);
        span.style.width = `${100 * (to - from) / (this.last + 1)}%`;
        past.append(span);
      }
      return lane;
    }

    // The caption of the moment, or the question.
    told() {
      this.caption = make('div', 'scene-caption', undefined, { 'aria-live': 'polite', 'aria-atomic': 'true' });
      return this.caption;
    }

    slide() {
      this.slider = make('input', 'scene-slider', undefined,
        { type: 'range', min: 0, max: this.last, value: 0, 'aria-label': WORDS.moment });
      this.slider.style.setProperty('--events', this.last + 1);
      this.slider.addEventListener('input', () => { this.pause(); this.show(Number(this.slider.value)); });
      return this.slider;
    }

    controls() {
      const bar = make('div', 'scene-controls');
      const button = (name, sign, label, act) => {
        const made = make('button', `scene-${name}`, undefined, { type: 'button', title: label, 'aria-label': label });
        made.append(make('span', '', sign, { 'aria-hidden': 'true' }));
        made.addEventListener('click', act);
        return made;
      };
      this.toggle = button('play', '▶', WORDS.play, () => this.playing ? this.pause() : this.play());
      this.toggle.append(' ', make('span', 'scene-word', WORDS.play));
      this.speed = make('select', 'scene-speed', undefined, { 'aria-label': WORDS.speed, title: WORDS.speed });
      for (const speed of [0.5, 1, 2, 4]) this.speed.append(make('option', '', `${speed}×`, { value: speed }));
      this.speed.value = '1';
      this.count = make('span', 'scene-count');
      this.fold = make('button', 'scene-fold', WORDS.asText, { type: 'button', 'aria-expanded': 'false' });
      this.fold.addEventListener('click', () => {
        this.fold.setAttribute('aria-expanded', String(this.text.classList.toggle('is-shown')));
      });
      bar.append(this.toggle, button('back', '←', WORDS.back, () => this.step(-1)), button('step', '→', WORDS.step, () => this.step(1)),
        this.count, this.speed, this.fold);
      return bar;
    }

    show(at) {
      this.at = at;
      this.dataset.at = at;
      const { states, object } = this.moments[at];
      for (const [name, { state, call }] of states) {
        const { lane, doing } = this.rows.get(name);
        lane.dataset.state = state;
        doing.textContent = [STATES[state], call].filter(Boolean).join(': ');
      }
      this.fill(object);
      this.marks.forEach((mark, other) => {
        mark.hidden = other > at; // or the answer to a question would be seen
        mark.classList.toggle('is-now', other === at);
      });
      for (const { arrow, at: its } of this.arrows) {
        arrow.hidden = its > at;
        arrow.classList.toggle('is-now', its === at);
      }
      this.lanes.style.setProperty('--now', this.column(at));
      this.now.style.insetInlineStart = this.column(at);
      this.slider.value = at;
      this.slider.setAttribute('aria-valuetext', `${at + 1} / ${this.last + 1}`);
      this.count.textContent = `${at + 1} / ${this.last + 1}`;
      const event = this.scene.events[at];
      this.answered = false;
      if (this.caption.contains(document.activeElement)) this.player.focus({ preventScroll: true }); // an option goes
      this.caption.replaceChildren(...(event.kind === 'question' ? this.ask(event) : this.tell(event)));
      this.aim();
    }

    // The object as the kernel reports it: its level, what is in it, and which processes sleep on it.
    fill(state) {
      const { head, contents, level } = this.object;
      this.object.classList.toggle('is-gone', state === null);
      head.replaceChildren(make('b', '', this.scene.object.name));
      contents.replaceChildren();
      level.firstChild.style.width = '0';
      level.style.visibility = state?.capacity === undefined || state.used === undefined ? 'hidden' : '';
      if (state === null) return contents.append(make('span', 'scene-empty', WORDS.gone));
      const { used, capacity, unit = '', items, sleeping = [], contents: pieces = [] } = state;
      if (used !== undefined) {
        const most = capacity === undefined ? '' : ` / ${capacity}`;
        head.append(make('span', 'scene-used', `${used}${most} ${unit}${this.fills && used > 0 && used >= capacity ? ` · ${WORDS.full}` : ''}`));
        level.firstChild.style.width = used > 0 ? `${Math.max(1, Math.min(100, 100 * used / capacity))}%` : '0';
      }
      contents.append(...pieces.map(text => make('span', 'scene-item', text)));
      if (pieces.length === 0) contents.append(make('span', 'scene-empty', items > 0 ? `${items} ×` : used === 0 ? WORDS.empty : ''));
      if (sleeping.length > 0) head.append(make('span', 'scene-sleepers', `${STATES.sleep}: ${sleeping.join(', ')}`));
    }

    tell(event) {
      const first = make('p', 'scene-when', `${event.t_ms} ms`);
      const who = event.actor ?? (event.kind === 'object' ? this.scene.object.name : '');
      if (who) first.append(' · ', make('b', '', who));
      if (event.source) {
        const { file, line } = event.source;
        first.append(' ', make('code', 'scene-source', `${file.split('/').pop()}:${line}`, { title: `${file}:${line}` }));
      }
      const second = make('p', `scene-what is-${event.kind}${event.ok === false ? ' is-refused' : ''}`);
      if (event.kind === 'check') second.append(`${event.ok ? '✓' : '✗'} `);
      if (event.call) second.append(make('code', '', called(event.call)), ' ');
      if (VERBS[event.kind]) second.append(VERBS[event.kind], ' ');
      if (event.outcome) second.append('→ ', make('code', 'scene-outcome', event.outcome), ' ');
      if (event.slept_ms !== null) second.append(make('span', 'scene-slept', `(${WORDS.slept} ${event.slept_ms} ms)`), ' ');
      if (event.text) second.append(event.text);
      return [first, second];
    }

    ask({ text, question }) {
      const verdict = make('p', 'scene-verdict');
      const options = make('div', 'scene-options');
      options.append(...question.options.map((option, number) => {
        const button = make('button', '', option, { type: 'button' });
        button.addEventListener('click', () => {
          if (this.answered) return;
          const right = number === question.answer;
          for (const one of options.children) one.setAttribute('aria-disabled', 'true');
          button.classList.add(right ? 'is-right' : 'is-wrong');
          options.children[question.answer].classList.add('is-right');
          verdict.textContent = right ? WORDS.right : WORDS.wrong;
          this.answered = true;
          clearTimeout(this.timer);
          this.timer = setTimeout(() => { this.step(1, true); }, 1800);
        });
        return button;
      }));
      const title = make('p', 'scene-when');
      title.append(make('b', '', WORDS.ask));
      return [title, make('p', 'scene-what', text ?? ''), options, verdict];
    }

    play() {
      if (this.at === this.last) this.show(0);
      this.playing = true;
      this.mark();
      this.wait();
    }

    pause() {
      this.playing = false;
      clearTimeout(this.timer);
      this.mark();
    }

    mark() {
      const word = this.playing ? WORDS.pause : WORDS.play;
      this.dataset.playing = this.playing;
      this.toggle.firstChild.textContent = this.playing ? '⏸' : '▶';
      this.toggle.querySelector('.scene-word').textContent = word;
      this.toggle.title = word;
      this.toggle.setAttribute('aria-label', word);
    }

    // Until the caption has been read; a question waits for its answer.
    wait() {
      clearTimeout(this.timer);
      if (this.at === this.last) return this.pause();
      if (this.scene.events[this.at].kind === 'question' && !this.answered) return;
      const letters = this.caption.textContent.length;
      this.timer = setTimeout(() => this.step(1, true), (600 + 22 * letters) / Number(this.speed.value));
    }

    step(by, goesOn = false) {
      if (!goesOn) this.pause();
      this.show(Math.max(0, Math.min(this.last, this.at + by)));
      if (this.playing) this.wait();
    }

    // Space and arrows. The page outside turns with the arrows, so it does not hear of them.
    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -this.last, End: this.last };
      const steers = event.key in steps || (event.key === ' ' && !event.target.matches('button'));
      if (!steers) return;
      event.stopPropagation();
      if (event.target.matches('select')) return; // they choose a speed
      event.preventDefault();
      if (event.key in steps) this.step(steps[event.key]);
      else if (this.playing) this.pause();
      else this.play();
    }

    // Arrows reach from the track of a process to the object, whatever the height of the lanes.
    aim() {
      const top = element => element.getBoundingClientRect().top - this.lanes.getBoundingClientRect().top;
      const upper = top(this.object), lower = upper + this.object.offsetHeight;
      for (const { arrow, way, row } of this.arrows) {
        const track = top(row.track) + row.track.offsetHeight / 2;
        const above = track < upper;
        arrow.style.top = `${above ? track + 7 : lower}px`;
        arrow.style.height = `${(above ? upper - track : track - lower) - 7}px`;
        arrow.classList.toggle('is-down', (way > 0) === above);
      }
    }
  }
  customElements.define('ipc-scene', Scene);
})();
