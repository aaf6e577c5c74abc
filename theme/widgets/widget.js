/* What all widgets share: the registry, facts, controls, drawing, number formats, and the frame that a figure gets.
 *
 * A plain script, since pages opened from a folder cannot load modules. Without a document, as in Node, it is the
 * registry alone: `Widgets.formulas` holds pure functions that are compared with vectors that Rust code wrote. */
(() => {
    "use strict";

    const registry = new Map();
    const Widgets = {
        /** Files of `exercises/fixtures/data`, from `data.js`. */
        facts: {},
        formulas: {},
        /** `widget`: title, controls, formula(input), draw(values, surface); draw gives `{picture, status, steps}`. */
        define(name, widget) {
            registry.set(name, widget);
            Widgets.formulas[name] = widget.formula;
        },
        fact(file, name) {
            return Widgets.facts[file][name].value;
        },
        /** `Prices of 2026-11-24`: the oldest date among the facts. */
        asOf(file, names) {
            return names.map((name) => Widgets.facts[file][name].as_of).sort()[0];
        },
        /** USD as a decimal text, in units of 1e-10 USD: exact, where a float is not. */
        units(text) {
            const [whole, decimals = ""] = text.split(".");
            return BigInt(whole + decimals.padEnd(10, "0"));
        },
        /** A division of non-negative integers, halves up. */
        divide(numerator, denominator) {
            return (2n * numerator + denominator) / (2n * denominator);
        },
        node, count, about, usd, plural, axis, hatch, bar, key,
    };
    globalThis.Widgets = Widgets;

    /* Numbers as people read them. */

    function count(number) {
        return String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
    }

    function plural(number, noun) {
        return `${count(number)} ${noun}${Number(number) === 1 ? "" : "s"}`;
    }

    /** Two digits are enough for an estimate: `about 26 million`. */
    function about(number) {
        const rounded = Number(Number(number).toPrecision(2));
        return rounded >= 1e9 ? `${rounded / 1e9} billion` : rounded >= 1e6 ? `${rounded / 1e6} million` : count(rounded);
    }

    /** From units of 1e-10 USD; small sums keep the digits that tell them apart. */
    function usd(units) {
        const cents = Widgets.divide(BigInt(units), 100_000_000n);
        if (cents >= 100n || BigInt(units) === 0n) {
            return `US$${count(cents / 100n)}.${String(cents % 100n).padStart(2, "0")}`;
        }
        return `US$${Number((Number(units) / 1e10).toPrecision(2)).toFixed(10).replace(/0+$/, "").padEnd(4, "0")}`;
    }

    /* Drawing. */

    const SVG = new Set(["svg", "g", "rect", "line", "path", "text", "circle", "polyline", "defs", "pattern", "tspan"]);

    /** An element; `null` attributes are left out, and `on…` is not for here: a policy may forbid inline handlers. */
    function node(tag, attributes = {}, ...children) {
        const made = SVG.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
        for (const [name, value] of Object.entries(attributes)) {
            if (value !== null && value !== undefined) made.setAttribute(name, value);
        }
        made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
        return made;
    }

    /** Ticks of a time or amount axis: at most `most` round steps up to `end`. */
    function axis(end, most) {
        const rough = Math.max(end, 1) / most;
        const power = 10 ** Math.floor(Math.log10(rough));
        const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
        return Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => index * step);
    }

    /** Stripes, so that two series differ in more than colour. Gives `[defs, fill]`. */
    function hatch(id, name) {
        const lines = node("path", { d: "M-1,1 l2,-2 M0,8 l8,-8 M7,9 l2,-2", class: `w-stripe w-${name}` });
        const pattern = node("pattern", { id: `${id}-${name}`, width: 8, height: 8, patternUnits: "userSpaceOnUse" }, lines);
        return [node("defs", {}, pattern), `url(#${id}-${name})`];
    }

    /** A filled bar; its sign, as in the legend, tells it from others by more than colour. */
    function bar(x, y, width, height, series) {
        return [
            node("rect", { x, y, width: Math.max(width, 0), height, class: `w-fill-${series} w-edge` }),
            width > 18 ? node("text", { x: x + width / 2, y: y + height / 2 + 4, class: "w-sign", "text-anchor": "middle" }, SIGNS[series]) : null,
        ];
    }

    /** A line of a legend, with the sign of a series. */
    function key(series, words) {
        return node("li", {}, node("span", { class: `w-key w-key-${series}`, "aria-hidden": "true" }, SIGNS[series] ?? ""), words);
    }

    const SIGNS = { 1: "\u25a0", 2: "\u25cf", 3: "\u25b2", 4: "\u25c6" };

    /* Controls. */

    function control(spec, id, changed) {
        const input = spec.options
            ? node("select", { id }, spec.options.map(([value, label]) => node("option", { value }, label)))
            : node("input", { id, type: spec.type ?? "range" });
        // The slider says its value itself.
        const shown = node("span", { class: "w-value", "aria-hidden": "true" });
        const stops = spec.stops;
        const show = spec.show ?? count;
        if (input.type === "range" || input.type === "number") {
            input.min = stops ? 0 : spec.min;
            input.max = stops ? stops.length - 1 : spec.max;
            input.step = stops ? 1 : spec.step ?? 1;
        }
        const get = () => {
            if (spec.options) return input.value;
            if (input.type === "checkbox") return input.checked;
            const number = Math.min(Math.max(Number(input.value) || 0, input.min), input.max);
            return stops ? stops[number] : Math.round(number);
        };
        const tell = () => {
            if (input.type !== "range") return;
            shown.textContent = show(get());
            input.setAttribute("aria-valuetext", show(get()));
        };
        const set = (value) => {
            if (input.type === "checkbox") input.checked = value;
            else input.value = stops ? stops.indexOf(value) : value;
            tell();
        };
        input.addEventListener("input", () => { tell(); changed(); });
        set(spec.value);
        const label = node("label", { for: id }, spec.label);
        const parts = input.type === "checkbox" ? [input, label] : input.type === "range" ? [label, shown, input] : [label, input];
        return { element: node("div", { class: `w-control w-${input.type}` }, parts), get, set, name: spec.name, value: spec.value };
    }

    /* The frame. */

    let made = 0;

    function enhance(figure) {
        const widget = registry.get(figure.dataset.widget);
        if (!widget) return;
        const id = `widget-${(made += 1)}`;
        const fallback = node("div", { class: "w-static" });
        const caption = [...figure.children].find((child) => child.localName === "figcaption");
        fallback.append(...[...figure.childNodes].filter((child) => child !== caption));

        const controls = widget.controls.map((spec) => control(spec, `${id}-${spec.name}`, () => { step = Infinity; draw(); }));
        const picture = node("div", { class: "w-picture" });
        const status = node("p", { class: "w-status", role: "status" });
        const where = node("span", { class: "w-where" });
        const buttons = node("div", { class: "w-buttons" });
        const live = node("div", { class: "w-live", role: "group", "aria-label": widget.title },
            node("div", { class: "w-controls" }, controls.map((each) => each.element)), picture, status, buttons,
            widget.note ? node("p", { class: "w-note" }, widget.note()) : null);

        let step = Infinity;
        let steps = 0;
        let playing = 0;
        let telling = 0;

        function draw() {
            const values = Object.fromEntries(controls.map((each) => [each.name, each.get()]));
            const drawn = widget.draw(values, { id, step, width: Math.max(picture.clientWidth || 600, 280) });
            steps = drawn.steps ?? 0;
            step = Math.min(step, steps);
            picture.replaceChildren(...[drawn.picture].flat());
            where.textContent = steps ? `Step ${step} of ${steps}` : "";
            // Said when a slider rests, not at every pixel.
            clearTimeout(telling);
            status.setAttribute("aria-busy", "true");
            telling = setTimeout(() => {
                status.textContent = drawn.status;
                status.removeAttribute("aria-busy");
            }, status.textContent ? 150 : 0);
        }

        function go(to) {
            step = Math.min(Math.max(to, 1), steps);
            draw();
        }

        function stop() {
            clearInterval(playing);
            playing = 0;
            if (play) play.textContent = "Play";
        }

        function button(words, act) {
            const made = node("button", { type: "button" }, words);
            made.addEventListener("click", act);
            buttons.append(made);
            return made;
        }

        let play = null;
        if (widget.stepwise) {
            button("From the start", () => { stop(); go(1); });
            button("Back", () => { stop(); go(step - 1); });
            button("Next", () => { stop(); go(step + 1); });
            // Motion only where it is asked for, and nobody has asked to be spared it.
            if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
                play = button("Play", () => {
                    if (playing) return stop();
                    if (step === steps) go(1);
                    play.textContent = "Pause";
                    playing = setInterval(() => { if (step >= steps) stop(); else go(step + 1); }, 1200);
                });
            }
            buttons.append(where);
        }
        button("Reset", () => {
            stop();
            step = Infinity;
            for (const each of controls) each.set(each.value);
            draw();
        });

        // A page may turn with the arrow keys and search with a letter; here they belong to the controls.
        live.addEventListener("keydown", (event) => {
            const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
            if (plain && !["Tab", "Escape"].includes(event.key)) event.stopPropagation();
        });
        figure.prepend(live, fallback);
        figure.classList.add("w-on");
        draw();
        let width = picture.clientWidth;
        new ResizeObserver(() => {
            if (picture.clientWidth !== width) {
                width = picture.clientWidth;
                draw();
            }
        }).observe(picture);
    }

    if (typeof document !== "undefined") {
        document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("figure.widget").forEach(enhance));
    }
})();
