/* Ten messages of a queue, one of them poison: what is processed, how often, and what ends in the dead-letter queue. */
(() => {
    "use strict";
    const { define, node, key, bar, count, plural, axis, hatch } = Widgets;

    /* One batch of `messages`, numbered from 1. A message is invisible for `visibility_s` after each receive; it is
     * deleted when a function that had it ends well; once it was received `max_receives` times, the next receive moves
     * it to the dead-letter queue. Times in seconds. */
    function formula(input) {
        const messages = Array.from({ length: input.messages }, (_, index) =>
            ({ id: index + 1, visible: 0, receives: 0, done: 0, deleted: Infinity, dead: false }));
        const rounds = [];
        for (;;) {
            const there = messages.filter((message) => !message.dead && message.deleted > message.visible);
            if (there.length === 0) break;
            const at_s = Math.min(...there.map((message) => message.visible));
            const visible = there.filter((message) => message.visible === at_s);
            for (const message of visible) message.dead = message.receives >= input.max_receives;
            const batch = visible.filter((message) => !message.dead);
            if (batch.length === 0) continue;
            const poison = batch.findIndex((message) => message.id === input.poison);
            const tried = poison >= 0 && !input.partial ? poison + 1 : batch.length;
            const ends_s = at_s + tried * input.seconds_each;
            const done = batch.slice(0, tried).filter((message) => message.id !== input.poison);
            const kept = poison < 0 ? [] : input.partial ? [batch[poison]] : batch;
            for (const message of batch) {
                message.receives += 1;
                message.visible = at_s + input.visibility_s;
                if (!kept.includes(message)) message.deleted = Math.min(message.deleted, ends_s);
            }
            for (const message of done) message.done += 1;
            const ids = (list) => list.map((message) => message.id);
            rounds.push({ at_s, ends_s, received: ids(batch), done: ids(done), returned: ids(kept) });
        }
        return {
            rounds,
            done: messages.map((message) => message.done),
            dead: messages.filter((message) => message.dead).map((message) => message.id),
        };
    }

    function tell(values, result, step) {
        if (step < result.rounds.length) {
            const round = result.rounds[step - 1];
            const back = round.returned.length
                ? `${plural(round.returned.length, "message")} will be visible again ${count(values.visibility_s)} seconds after the receive.`
                : "All of them are deleted.";
            return `After ${count(round.at_s)} seconds the function gets ${plural(round.received.length, "message")} and processes ${count(round.done.length)}. ${back}`;
        }
        const twice = result.done.filter((times) => times > 1).length;
        const good = result.dead.filter((id) => id !== values.poison).length;
        const longest = values.messages * values.seconds_each;
        return [
            `${plural(result.rounds.length, "invocation")} for ${plural(values.messages, "message")}.`,
            twice ? `${plural(twice, "message")} ${twice === 1 ? "is" : "are"} processed more than once, up to ${Math.max(...result.done)} times.` : "None is processed twice.",
            result.dead.length ? `${plural(result.dead.length, "message")} ${result.dead.length === 1 ? "ends" : "end"} in the dead-letter queue${good ? `, ${good} of them without a fault of their own` : ""}.` : "The dead-letter queue stays empty.",
            values.visibility_s < longest ? `A batch takes up to ${count(longest)} seconds, longer than messages stay invisible: they come again while the function still has them.` : "",
        ].filter(Boolean).join(" ");
    }

    function draw(raw, { id, width, step }) {
        const values = { ...raw, messages: 10 };
        const result = formula(values);
        const steps = result.rounds.length;
        const shown = result.rounds.slice(0, Math.min(step, steps));
        const [defs, stripes] = hatch(id, "bad");
        const [left, lane] = [26, 20];
        const end = Math.max(...result.rounds.map((round) => round.ends_s)) + 1;
        const x = (seconds) => left + (seconds / end) * (width - left - 30);
        const bottom = values.messages * lane + 4;
        const parts = shown.flatMap((round) => round.received.map((message, index) => {
            const y = (message - 1) * lane + 3;
            const from = round.at_s + index * values.seconds_each;
            const held = node("rect", { x: x(round.at_s), y: y + 6, width: Math.max(x(round.ends_s) - x(round.at_s), 1), height: 3, class: "w-fill-line" });
            if (from >= round.ends_s) return [held];
            const [at, size] = [x(from), Math.max(x(from + values.seconds_each) - x(from), 3)];
            const work = round.done.includes(message)
                ? bar(at, y, size, 15, 1)
                : node("rect", { x: at, y, width: size, height: 15, fill: stripes, class: "w-outline" });
            return [held, work];
        }));
        const dead = step >= steps ? result.dead.map((message) => node("text", { x: width - 2, y: message * lane - 5, "text-anchor": "end", class: "w-dead" }, "DLQ")) : [];
        const lanes = result.done.map((_, index) => node("text", { x: 0, y: index * lane + 16 }, String(index + 1)));
        const ticks = axis(end, Math.max(3, Math.floor(width / 120))).flatMap((seconds) => [
            node("line", { x1: x(seconds), x2: x(seconds), y1: 0, y2: bottom, class: "w-grid" }),
            node("text", { x: x(seconds), y: bottom + 16, "text-anchor": seconds === 0 ? "start" : "middle" }, `${count(seconds)} s`),
        ]);
        const picture = node("svg", { viewBox: `0 0 ${width} ${bottom + 22}`, height: bottom + 22, role: "img",
            "aria-label": "Timeline with a line for each of ten messages" }, defs, ticks, lanes, parts, dead);
        const legend = node("ul", { class: "w-legend" }, key(1, "processed"), key("bad", "fails"), key("held", "the function has it"));
        return { picture: [picture, legend], status: tell(values, result, Math.min(step, steps)), steps };
    }

    const seconds = (value) => `${count(value)} s`;

    define("sqs", {
        title: "SQS visibility and partial failure",
        stepwise: true,
        controls: [
            { name: "poison", label: "The message that always fails", min: 0, max: 10, value: 4, show: (value) => (value === 0 ? "none" : `number ${value}`) },
            { name: "seconds_each", label: "Time for each message", stops: [1, 2, 3, 5, 10], value: 3, show: seconds },
            { name: "visibility_s", label: "Visibility timeout of the queue", stops: [5, 10, 20, 30, 60, 90, 180], value: 60, show: seconds },
            { name: "max_receives", label: "Receives before the dead-letter queue", min: 1, max: 5, value: 3 },
            { name: "partial", label: "ReportBatchItemFailures", type: "checkbox", value: false },
        ],
        formula,
        draw,
        note: () => "A model of one batch that stays together, without Lambda's pauses after errors. Lambda refuses a mapping whose function may run longer than the visibility timeout, but the timeout can be lowered later; six times the function's timeout is advised.",
    });
})();
