/* A burst of requests on a function that has no environment yet: who waits, and for what. */
(() => {
    "use strict";
    const { define, node, bar, key, count, plural, axis, hatch } = Widgets;

    /* A request goes to the idle environment with the lowest number; where none is idle, a new one is started for it.
     * INIT is billed with the first request of an environment. All times in ms. */
    function formula(input) {
        const init = input.init_ms + (input.setup_in === "main" ? input.setup_ms : 0);
        const handler = input.handler_ms + (input.setup_in === "handler" ? input.setup_ms : 0);
        const free = [];
        const requests = [];
        for (let index = 0; index < input.requests; index += 1) {
            const arrives_ms = index * input.interval_ms;
            const idle = free.findIndex((at) => at <= arrives_ms);
            const cold = idle < 0;
            const environment = cold ? free.length : idle;
            const begins_ms = arrives_ms + (cold ? input.before_ms + init : 0);
            const answered_ms = begins_ms + handler;
            free[environment] = answered_ms;
            requests.push({
                environment: environment + 1, cold, arrives_ms, begins_ms, answered_ms,
                billed_ms: handler + (cold ? init : 0),
            });
        }
        return {
            environments: free.length,
            billed_ms: requests.reduce((sum, request) => sum + request.billed_ms, 0),
            init_ms: free.length * init,
            requests,
        };
    }

    const waited = (request) => request.answered_ms - request.arrives_ms;

    function tell(values, result, step) {
        if (step < result.requests.length) {
            const request = result.requests[step - 1];
            const how = request.cold
                ? `no environment is idle, so number ${request.environment} is started for it`
                : `environment ${request.environment} is idle and takes it`;
            return `Request ${step} arrives after ${count(request.arrives_ms)} ms: ${how}. It is answered ${count(waited(request))} ms later; ${count(request.billed_ms)} ms are billed.`;
        }
        const times = result.requests.map(waited);
        const handler = values.handler_ms + (values.setup_in === "handler" ? values.setup_ms : 0);
        const enough = values.interval_ms > 0 ? Math.min(values.requests, Math.ceil(handler / values.interval_ms) || 1) : values.requests;
        return [
            `${plural(values.requests, "request")}, ${plural(result.environments, "cold start")}.`,
            result.environments > enough ? `Once warm, ${plural(enough, "environment")} would do: the others were started while the first was still in INIT.` : "",
            `The slowest request took ${count(Math.max(...times))} ms, the fastest ${count(Math.min(...times))} ms.`,
            `${count(result.billed_ms)} ms are billed, ${count(result.init_ms)} of them INIT.`,
        ].filter(Boolean).join(" ");
    }

    function draw(values, { id, width, step }) {
        const result = formula(values);
        const steps = result.requests.length;
        const shown = result.requests.slice(0, Math.min(step, steps));
        const [defs, stripes] = hatch(id, "wait");
        const left = 26;
        const end = Math.max(...result.requests.map((request) => request.answered_ms), 1);
        const x = (ms) => left + (ms / end) * (width - left - 8);
        const lane = 30;
        const bottom = result.environments * lane + 8;
        const part = (from, to, y, series) => bar(x(from), y, x(to) - x(from), 22, series);
        const parts = shown.flatMap((request) => {
            const y = (request.environment - 1) * lane + 8;
            const started = request.arrives_ms + values.before_ms;
            const handler = part(request.begins_ms, request.answered_ms, y, 1);
            const arrow = node("path", { d: `M${x(request.arrives_ms)},${y - 2} l4,-6 h-8 z`, class: "w-mark" });
            if (!request.cold) return [handler, arrow];
            return [
                node("rect", { x: x(request.arrives_ms), y, width: x(started) - x(request.arrives_ms), height: 22, fill: stripes, class: "w-edge" }),
                part(started, request.begins_ms, y, 2), handler, arrow,
            ];
        });
        const lanes = Array.from({ length: result.environments }, (_, index) =>
            node("text", { x: 0, y: index * lane + 24 }, String(index + 1)));
        const ticks = axis(end, Math.max(3, Math.floor(width / 110))).flatMap((ms) => [
            node("line", { x1: x(ms), x2: x(ms), y1: 0, y2: bottom + 4, class: "w-grid" }),
            node("text", { x: x(ms), y: bottom + 19, "text-anchor": ms === 0 ? "start" : x(ms) > width - 40 ? "end" : "middle" }, `${count(ms)} ms`),
        ]);
        const status = tell(values, result, Math.min(step, steps));
        const picture = node("svg", { viewBox: `0 0 ${width} ${bottom + 26}`, height: bottom + 26, role: "img",
            "aria-label": `Timeline with a line for each of ${plural(result.environments, "environment")}` }, defs, ticks, lanes, parts);
        const legend = node("ul", { class: "w-legend" }, key("wait", "environment and code (not billed)"), key(2, "INIT (billed)"), key(1, "handler (billed)"));
        return { picture: [picture, legend], status, steps };
    }

    const ms = (value) => `${count(value)} ms`;

    define("cold-start", {
        title: "Cold-start timeline",
        stepwise: true,
        controls: [
            { name: "requests", label: "Requests", min: 1, max: 12, value: 8 },
            { name: "interval_ms", label: "Time between two of them", stops: [0, 5, 10, 20, 50, 100, 200, 500], value: 50, show: ms },
            { name: "before_ms", label: "Before INIT: environment and code", min: 0, max: 400, step: 20, value: 80, show: ms },
            { name: "init_ms", label: "INIT without your set-up", min: 0, max: 200, step: 5, value: 20, show: ms },
            { name: "setup_ms", label: "Your set-up: clients, configuration", min: 0, max: 1000, step: 20, value: 120, show: ms },
            { name: "setup_in", label: "Your set-up happens", options: [["main", "in main, once per environment"], ["handler", "in the handler, for each request"]], value: "main" },
            { name: "handler_ms", label: "The handler's own work", stops: [1, 2, 5, 10, 20, 50, 100, 200], value: 20, show: ms },
        ],
        formula,
        draw,
        note: () => "A model: put your own REPORT lines' numbers in. Lambda may also start environments ahead of need, and hand a waiting request to one that has become idle.",
    });
})();
