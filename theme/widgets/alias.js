/* An alias moves from version 41 to 43, a part of the traffic first; an alarm may roll it back. Version 42 was bad. */
(() => {
    "use strict";
    const { define, node, key, count, plural, axis, hatch } = Widgets;

    const MINUTES = 20;
    const VERSIONS = { recorded: 41, previous: 42, fresh: 43 };

    /* Minute by minute, in expected numbers rounded down; errors are per thousand requests. The alarm looks at the new
     * version alone, or at all requests of the alias, and fires after so many minutes in a row above the threshold. */
    function formula(input) {
        const rates = { 41: input.errors_old, 42: input.errors_previous, 43: input.errors_new };
        let [main, weight, watched, above, seen] = [VERSIONS.recorded, input.weight, true, 0, 0];
        const minutes = [];
        for (let minute = 1; minute <= MINUTES; minute += 1) {
            const fresh = Math.floor((input.rate * weight) / 100);
            const errorsNew = Math.floor((fresh * rates[VERSIONS.fresh]) / 1000);
            const errors = errorsNew + Math.floor(((input.rate - fresh) * rates[main]) / 1000);
            const canary = weight > 0;
            const [bad, all] = canary && input.metric === "version" ? [errorsNew, fresh] : [errors, input.rate];
            above = watched && bad * 100 > input.threshold * all ? above + 1 : 0;
            seen += fresh;
            let event = "";
            if (above >= input.datapoints) {
                event = "roll back";
                [main, weight, watched] = [VERSIONS[input.target], 0, false];
            } else if (canary && minute >= input.bake && seen > 0) {
                event = "promote";
                [main, weight, above] = [VERSIONS.fresh, 0, 0];
            }
            minutes.push({ fresh, errors, main, event });
        }
        return {
            minutes,
            outcome: watched ? (weight > 0 ? "waiting" : "promoted") : "rolled back",
            version: main,
            failed: minutes.reduce((sum, minute) => sum + minute.errors, 0),
        };
    }

    function tell(values, result, step) {
        if (step < MINUTES) {
            const minute = result.minutes[step - 1];
            const after = { "": "", promote: ` The bake time is over: version ${VERSIONS.fresh} gets all traffic.`, "roll back": ` The alarm fires: the alias goes back to version ${minute.main}.` };
            return `Minute ${step}: ${plural(minute.fresh, "request")} of ${count(values.rate)} by the canary, ${plural(minute.errors, "error")}.${after[minute.event]}`;
        }
        const when = (event) => result.minutes.findIndex((minute) => minute.event === event) + 1;
        const [promoted, back] = [when("promote"), when("roll back")];
        const percent = (permille) => `${permille / 10} %`;
        return [
            promoted ? `Version ${VERSIONS.fresh}, with ${percent(values.errors_new)} errors, was promoted in minute ${promoted}${values.errors_new * 1 > values.threshold * 10 && values.metric === "alias" ? `: among all requests of the alias its errors were few` : ""}.` : "",
            back ? `The alarm rolled back in minute ${back}, to version ${result.version}${result.version === VERSIONS.previous ? ", which was bad as well: the number before is not the version that ran before" : ", the one recorded before the deployment"}.` : "",
            result.outcome === "waiting" ? `The canary got no request, so nothing is known of it, and it is not promoted.` : "",
            `${plural(result.failed, "request")} failed in ${MINUTES} minutes.`,
        ].filter(Boolean).join(" ");
    }

    function draw(raw, { id, width, step }) {
        const values = { ...raw, errors_previous: 500 };
        const result = formula(values);
        const [defs, stripes] = hatch(id, "bad");
        const [bottom, tall] = [166, 118];
        const column = width / MINUTES;
        const y = (requests) => bottom - (requests / values.rate) * tall;
        const shown = result.minutes.slice(0, Math.min(step, MINUTES));
        const bars = shown.flatMap((minute, index) => {
            const before = index ? result.minutes[index - 1].main : VERSIONS.recorded;
            const mine = before === VERSIONS.fresh ? values.rate : minute.fresh;
            const place = { x: index * column + 1, width: Math.max(column - 2, 1) };
            const level = minute.event === "promote" ? 14 : 32;
            const mark = minute.event
                ? [node("line", { x1: (index + 1) * column, x2: (index + 1) * column, y1: level + 6, y2: bottom, class: "w-axis" }),
                    node("text", { x: (index + 1) * column, y: level, "text-anchor": index < 4 ? "start" : index > 15 ? "end" : "middle" }, minute.event === "promote" ? "promoted" : "rolled back")]
                : [];
            return [
                node("rect", { ...place, y: y(values.rate), height: y(mine) - y(values.rate), class: before === VERSIONS.previous ? "w-fill-4" : "w-fill-1" }),
                node("rect", { ...place, y: y(mine), height: bottom - y(mine), class: "w-fill-2" }),
                node("rect", { ...place, y: y(minute.errors), height: bottom - y(minute.errors), class: "w-fill-panel" }),
                node("rect", { ...place, y: y(minute.errors), height: bottom - y(minute.errors), fill: stripes }),
                ...mark,
            ];
        });
        const ticks = axis(MINUTES, 4).map((minute) => node("text", { x: minute * column, y: bottom + 18, "text-anchor": minute === 0 ? "start" : minute === MINUTES ? "end" : "middle" }, `${minute} min`));
        const picture = node("svg", { viewBox: `0 0 ${width} ${bottom + 24}`, height: bottom + 24, role: "img",
            "aria-label": `Requests by version and errors in each of ${MINUTES} minutes` }, defs, bars, ticks,
            node("line", { x1: 0, x2: width, y1: bottom, y2: bottom, class: "w-axis" }));
        const legend = node("ul", { class: "w-legend" }, key(1, "version 41, recorded"), key(2, "version 43, new"),
            result.version === VERSIONS.previous ? key(4, "version 42, bad") : null, key("bad", "errors"));
        return { picture: [picture, legend], status: tell(values, result, Math.min(step, MINUTES)), steps: MINUTES };
    }

    define("alias", {
        title: "Alias traffic with alarm and rollback",
        stepwise: true,
        controls: [
            { name: "rate", label: "Requests a minute", stops: [2, 5, 20, 100, 1000, 10000], value: 1000 },
            { name: "weight", label: "Traffic to the new version", stops: [1, 5, 10, 20, 50], value: 10, show: (value) => `${value} %` },
            { name: "errors_new", label: "Errors of the new version", stops: [0, 1, 10, 30, 60, 100, 200, 500, 1000], value: 200, show: (value) => `${value / 10} %` },
            { name: "errors_old", label: "Errors of the old version", stops: [0, 1, 5, 10, 20], value: 1, show: (value) => `${value / 10} %` },
            { name: "bake", label: "Bake time", min: 1, max: 15, value: 5, show: (value) => `${value} min` },
            { name: "threshold", label: "Alarm above", min: 1, max: 20, value: 5, show: (value) => `${value} %` },
            { name: "datapoints", label: "Minutes in a row above it", min: 1, max: 5, value: 2 },
            { name: "metric", label: "The alarm looks at", options: [["alias", "all requests of the alias"], ["version", "the new version alone"]], value: "alias" },
            { name: "target", label: "Rollback goes to", options: [["recorded", "the recorded version, 41"], ["previous", "the number before, 42"]], value: "recorded" },
        ],
        formula,
        draw,
        note: () => "Expected numbers; with few requests a weight is only a chance. Lambda splits an alias between two versions at most.",
    });
})();
