/* How much concurrency a load needs, by two rules, and what is throttled while it is not there. */
(() => {
    "use strict";
    const { define, fact, node, key, count, plural, axis, hatch } = Widgets;

    const SECONDS = 30;

    /* A steady load from second 0 on. `reserved` is null where the function has none of its own. */
    function formula(input) {
        const perUnit = fact("concurrency", "requests_per_environment");
        const most = input.account - fact("concurrency", "unreserved_concurrency");
        const accepted = input.reserved === null || input.reserved <= most;
        if (!accepted) return { accepted, most_reservable: Math.max(most, 0) };
        const limit = input.reserved ?? input.account;
        const answers = (concurrency) =>
            Math.min(input.rate, Math.floor((concurrency * 1000) / input.duration_ms), concurrency * perUnit);
        const by_duration = Math.ceil((input.rate * input.duration_ms) / 1000);
        const by_rate = Math.ceil(input.rate / perUnit);
        const step = fact("concurrency", "scaling_environments");
        const interval = fact("concurrency", "scaling_interval");
        return {
            accepted, limit, by_duration, by_rate,
            needed: Math.max(by_duration, by_rate),
            answered: answers(limit),
            throttled: input.rate - answers(limit),
            seconds: Array.from({ length: SECONDS }, (_, second) =>
                answers(Math.min(limit, step * (1 + Math.floor(second / interval))))),
        };
    }

    function tell(values, result) {
        const { rate, duration_ms: duration } = values;
        const rule = result.by_rate > result.by_duration
            ? `${count(rate)} requests a second of ${count(duration)} ms keep ${count(result.by_duration)} environments busy, but each unit of concurrency takes at most ${fact("concurrency", "requests_per_environment")} requests a second: ${count(result.by_rate)} are needed.`
            : `${count(rate)} requests a second of ${count(duration)} ms keep ${plural(result.by_duration, "environment")} busy: that much concurrency is needed.`;
        if (result.throttled > 0) {
            const help = result.by_rate > result.limit ? " Faster code would not help: the limit on requests binds." : " Faster code would help.";
            return `${rule} With ${count(result.limit)}, ${count(result.answered)} a second are answered and ${count(result.throttled)} get 429.${help}`;
        }
        const slow = result.seconds.findIndex((answered) => answered === rate);
        return slow > 0
            ? `${rule} It is allowed, but Lambda adds ${count(fact("concurrency", "scaling_environments"))} environments every ${fact("concurrency", "scaling_interval")} seconds: requests get 429 for the first ${slow} seconds.`
            : `${rule} With ${count(result.limit)}, none is throttled.`;
    }

    function draw(raw, { id, width }) {
        const values = { ...raw, reserved: raw.reserved < 0 ? null : raw.reserved };
        const result = formula(values);
        if (!result.accepted) {
            const status = `Lambda refuses to reserve ${count(values.reserved)}: ${fact("concurrency", "unreserved_concurrency")} of the account's ${count(values.account)} must stay unreserved, so at most ${count(result.most_reservable)} can be reserved.`;
            return { picture: [], status };
        }
        const [defs, stripes] = hatch(id, "bad");
        const [left, bottom, height] = [8, 164, 190];
        const room = width - left - 8;
        const y = (amount) => bottom - (amount / values.rate) * 150;
        const column = room / SECONDS;
        const bars = result.seconds.flatMap((answered, second) => {
            const place = { x: left + second * column + 1, width: Math.max(column - 2, 1) };
            return [
                node("rect", { ...place, y: y(answered), height: bottom - y(answered), class: "w-fill-1" }),
                answered < values.rate ? node("rect", { ...place, y: y(values.rate), height: y(answered) - y(values.rate), fill: stripes, class: "w-edge" }) : null,
            ];
        });
        const ticks = axis(SECONDS, 3).map((second) =>
            node("text", { x: left + second * column, y: bottom + 18, "text-anchor": second === 0 ? "start" : second === SECONDS ? "end" : "middle" }, `${second} s`));
        const base = node("line", { x1: left, x2: width - 8, y1: bottom, y2: bottom, class: "w-axis" });
        const status = tell(values, result);
        const picture = node("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img",
            "aria-label": `Requests answered and throttled in each of the first ${SECONDS} seconds` }, defs, bars, base, ticks);
        const fit = (need) => (need > result.limit ? `${count(need)}, more than there is` : count(need));
        const row = (head, cell) => node("tr", {}, node("th", { scope: "row" }, head), node("td", {}, cell));
        const table = node("table", {}, node("tbody", {},
            row("Needed: requests a second × duration", fit(result.by_duration)),
            row(`Needed: requests a second ÷ ${fact("concurrency", "requests_per_environment")}`, fit(result.by_rate)),
            row(values.reserved === null ? "There is: the account's concurrency" : "There is: reserved for the function, and no more", count(result.limit))));
        const legend = node("ul", { class: "w-legend" }, key(1, "answered"), key("bad", "throttled, 429"));
        return { picture: [picture, legend, table], status };
    }

    define("concurrency", {
        title: "Concurrency simulator",
        controls: [
            { name: "rate", label: "Requests a second", stops: [10, 50, 100, 500, 1000, 2000, 5000, 10000, 20000, 50000], value: 20000 },
            { name: "duration_ms", label: "Duration of each", stops: [1, 5, 10, 20, 50, 100, 200, 500, 1000, 3000], value: 50, show: (value) => `${count(value)} ms` },
            { name: "account", label: "The account's concurrency", stops: [100, 500, 1000, 2000, 3000, 5000, 10000], value: 1000 },
            { name: "reserved", label: "Reserved for this function", stops: [-1, 0, 10, 50, 100, 200, 500, 900, 1000, 1900, 4900], value: -1, show: (value) => (value < 0 ? "nothing" : count(value)) },
        ],
        formula,
        draw,
        note: () => `Quotas as of ${Widgets.asOf("concurrency", ["account_concurrency", "requests_per_environment"])}. The ramp is drawn in steps; Lambda refills it continuously.`,
    });
})();
