/* Facts of exercises/fixtures/data, for the widgets. Written by a test: change the fixtures, then run
 * COURSE_RENEW=1 cargo test -p course --test widgets */
Widgets.facts = {
  "compute": {
    "one_vcpu_memory": {
      "as_of": "2026-12-01",
      "source": "https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html",
      "value": 1769
    }
  },
  "concurrency": {
    "account_concurrency": {
      "as_of": "2026-12-01",
      "source": "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
      "value": 1000
    },
    "requests_per_environment": {
      "as_of": "2026-12-01",
      "source": "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
      "value": 10
    },
    "scaling_environments": {
      "as_of": "2026-12-01",
      "source": "https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html",
      "value": 1000
    },
    "scaling_interval": {
      "as_of": "2026-12-01",
      "source": "https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html",
      "value": 10
    },
    "unreserved_concurrency": {
      "as_of": "2026-11-24",
      "source": "https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html",
      "value": 100
    }
  },
  "prices": {
    "arm64_gigabyte_second": {
      "as_of": "2026-11-22",
      "source": "https://aws.amazon.com/lambda/pricing/",
      "value": "0.0000133334"
    },
    "arm64_gigabyte_second_above": {
      "as_of": "2026-11-24",
      "source": "https://aws.amazon.com/lambda/pricing/",
      "value": [
        {
          "gigabyte_seconds": 7500000000,
          "usd": "0.0000120001"
        },
        {
          "gigabyte_seconds": 18750000000,
          "usd": "0.0000106667"
        }
      ]
    },
    "free_gigabyte_seconds": {
      "as_of": "2026-11-24",
      "source": "https://aws.amazon.com/lambda/pricing/",
      "value": 400000
    },
    "free_requests": {
      "as_of": "2026-11-24",
      "source": "https://aws.amazon.com/lambda/pricing/",
      "value": 1000000
    },
    "interface_endpoint_gigabyte": {
      "as_of": "2026-11-24",
      "source": "https://aws.amazon.com/privatelink/pricing/",
      "value": "0.01"
    },
    "interface_endpoint_hour": {
      "as_of": "2026-11-24",
      "source": "https://aws.amazon.com/privatelink/pricing/",
      "value": "0.01"
    },
    "logs_free_gigabytes": {
      "as_of": "2026-11-24",
      "source": "https://aws.amazon.com/cloudwatch/pricing/",
      "value": 5
    },
    "logs_gigabyte": {
      "as_of": "2026-11-24",
      "source": "https://aws.amazon.com/cloudwatch/pricing/",
      "value": "0.50"
    },
    "nat_gateway_gigabyte": {
      "as_of": "2026-11-24",
      "source": "https://aws.amazon.com/vpc/pricing/",
      "value": "0.045"
    },
    "nat_gateway_hour": {
      "as_of": "2026-11-24",
      "source": "https://aws.amazon.com/vpc/pricing/",
      "value": "0.045"
    },
    "request": {
      "as_of": "2026-11-22",
      "source": "https://aws.amazon.com/lambda/pricing/",
      "value": "0.0000002"
    },
    "x86_64_gigabyte_second": {
      "as_of": "2026-11-24",
      "source": "https://aws.amazon.com/lambda/pricing/",
      "value": "0.0000166667"
    },
    "x86_64_gigabyte_second_above": {
      "as_of": "2026-11-24",
      "source": "https://aws.amazon.com/lambda/pricing/",
      "value": [
        {
          "gigabyte_seconds": 6000000000,
          "usd": "0.000015"
        },
        {
          "gigabyte_seconds": 15000000000,
          "usd": "0.0000133334"
        }
      ]
    }
  }
};
