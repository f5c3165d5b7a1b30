"""check_expressions.py PROMETHEUS DASHBOARD data|syntax: asks a Prometheus every expression of a Grafana dashboard.
`data`: each must give numbers; `syntax`: each must be understood."""
import json
import math
import sys
import urllib.error
import urllib.parse
import urllib.request

VARIABLES = {"$__rate_interval": "1m"}


def ask(prometheus, expression):
    query = urllib.parse.urlencode({"query": expression})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{prometheus}/api/v1/query?{query}", timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def problem(answer, needs_data):
    if answer["status"] != "success" or answer.get("warnings"):
        return answer.get("error") or answer.get("warnings")
    values = [float(sample["value"][1]) for sample in answer["data"]["result"]]
    if any(math.isnan(value) for value in values):
        return "a value is NaN"
    return "no data" if needs_data and not values else None


def main():
    prometheus, dashboard, mode = sys.argv[1:]
    problems, asked = [], 0
    for panel in json.load(open(dashboard))["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"]
            for name, value in VARIABLES.items():
                expression = expression.replace(name, value)
            asked += 1
            found = problem(ask(prometheus, expression), mode == "data")
            if found:
                problems.append(f"{panel['title']}: {found}\n  {expression}")
    print("\n".join(problems) or f"{asked} expressions")
    return 1 if problems or not asked else 0


sys.exit(main())
