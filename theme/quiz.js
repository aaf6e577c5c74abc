// Quizzes: checks what the reader chose, says why, remembers it. Without this script the same markup reads as a
// question, its choices, and a fold with the answer and its reasons. CONTRIBUTING.md has the markup.
(() => {
  "use strict";
  const KINDS = {
    choose: "Choose one",
    several: "Choose all that are right",
    predict: "Predict the output",
    order: "Put in order",
  };
  const make = (tag, className, text = "") => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.textContent = text;
    return element;
  };

  for (const form of document.querySelectorAll("form.quiz")) setUp(form);

  function setUp(form) {
    const id = form.dataset.quiz;
    const kind = form.dataset.kind ?? (form.querySelector("input[type=checkbox]") ? "several" : "choose");
    const fold = form.querySelector("details");
    const list = form.querySelector("ol.quiz-order");
    const field = form.querySelector("input[type=text]");
    const isList = kind === "several" || kind === "order";
    const right = isList ? form.dataset.answer.split(/\s+/) : [form.dataset.answer];
    const reasons = new Map();
    for (const reason of fold.querySelectorAll("[data-for]")) reasons.set(reason.dataset.for, reason);

    form.querySelector("legend").append(make("span", "quiz-kind", KINDS[kind] ?? ""));
    const actions = make("div", "quiz-actions");
    const button = make("button", "button button-quiet", "Check");
    button.type = "submit";
    const output = make("output", "");
    output.setAttribute("aria-live", "polite");
    actions.append(button, output);
    fold.before(actions);
    if (list) addMoves(list, output, () => forget());

    const chosen = () => {
      if (list) return [...list.children].map((item) => item.dataset.value);
      if (field) return [field.value.trim().replace(/\s+/g, " ")].filter(Boolean);
      return [...form.querySelectorAll("input:checked")].map((input) => input.value);
    };
    const places = () => (list ? [...list.children] : [...form.querySelectorAll("label")]);
    const valueOf = (place) => place.dataset.value ?? place.querySelector("input").value;

    /** Right answers are marked where they were chosen, not where they were missed: the reader may try again. */
    const judge = (values) => {
      const isRight = kind === "several"
        ? values.length === right.length && values.every((value) => right.includes(value))
        : values.join(" ") === right.join(" ");
      places().forEach((place, index) => {
        delete place.dataset.verdict;
        if (kind === "order") {
          if (isRight || values[index] === right[index]) place.dataset.verdict = "right";
        } else if (field) {
          place.dataset.verdict = isRight ? "right" : "wrong";
        } else if (values.includes(valueOf(place))) {
          place.dataset.verdict = right.includes(valueOf(place)) ? "right" : "wrong";
        }
      });
      return isRight;
    };

    const explain = (values, isRight) => {
      output.replaceChildren();
      const word = make("strong", "", isRight ? "Right. " : "Not yet. ");
      word.dataset.verdict = isRight ? "right" : "wrong";
      output.append(word);
      if (isRight) return;
      const wrong = kind === "order" ? [] : values.filter((value) => !right.includes(value));
      for (const value of wrong) {
        const reason = reasons.get(value);
        if (reason) output.append(...[...reason.childNodes].map((node) => node.cloneNode(true)), " ");
      }
      if (kind === "order") {
        const first = right.findIndex((value, index) => values[index] !== value);
        output.append(first === 0 ? "Something else comes first." : `The first ${first} are in place.`);
      } else if (kind === "several" && wrong.length === 0) {
        output.append("What you chose is right, and something is missing.");
      } else if (field && wrong.length > 0 && !reasons.has(wrong[0])) {
        output.append("Read the code once more, line by line.");
      }
    };

    const forget = () => {
      for (const place of places()) delete place.dataset.verdict;
      output.replaceChildren();
      remember(id, null);
    };

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const values = chosen();
      if (values.length === 0) {
        output.replaceChildren(field ? "Write something first." : "Choose something first.");
        return;
      }
      const isRight = judge(values);
      explain(values, isRight);
      if (isRight) fold.open = true;
      remember(id, { chosen: values, right: isRight });
      document.dispatchEvent(new CustomEvent("course:quiz", { detail: { id, right: isRight } }));
    });
    form.addEventListener("input", forget);

    const before = recall(id);
    if (before) {
      if (list) for (const value of before.chosen) list.append(...[...list.children].filter((item) => item.dataset.value === value));
      else if (field) field.value = before.chosen[0] ?? "";
      else for (const input of form.querySelectorAll("input")) input.checked = before.chosen.includes(input.value);
      judge(before.chosen);
      explain(before.chosen, before.right);
    }
    if (list) refreshMoves(list);
  }

  function addMoves(list, output, changed) {
    for (const item of list.children) {
      const moves = make("span", "quiz-moves");
      for (const [sign, word, step] of [["↑", "up", -1], ["↓", "down", 1]]) {
        const button = make("button", "", sign);
        button.type = "button";
        button.setAttribute("aria-label", `Move ${word}: ${item.textContent.trim()}`);
        button.addEventListener("click", () => {
          const other = step < 0 ? item.previousElementSibling : item.nextElementSibling;
          if (!other) return;
          changed();
          if (step < 0) other.before(item);
          else other.after(item);
          refreshMoves(list);
          button.focus();
          output.textContent = `Moved to place ${[...list.children].indexOf(item) + 1} of ${list.children.length}.`;
        });
        moves.append(button);
      }
      item.append(moves);
    }
  }

  /** The ends cannot move further; they keep the focus all the same. */
  function refreshMoves(list) {
    for (const item of list.children) {
      const [up, down] = item.querySelectorAll("button");
      up.setAttribute("aria-disabled", String(!item.previousElementSibling));
      down.setAttribute("aria-disabled", String(!item.nextElementSibling));
    }
  }

  function remember(id, what) {
    try {
      if (what) localStorage.setItem(`course/quiz/${id}`, JSON.stringify(what));
      else localStorage.removeItem(`course/quiz/${id}`);
    } catch {
      // Nothing is remembered in a private window.
    }
  }

  function recall(id) {
    try {
      const what = JSON.parse(localStorage.getItem(`course/quiz/${id}`));
      return Array.isArray(what?.chosen) ? what : null;
    } catch {
      return null;
    }
  }
})();
