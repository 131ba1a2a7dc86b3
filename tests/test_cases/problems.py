"""Small problems with submissions that are right, wrong and slow; and what the tests share."""

from typing import Any

PAIRS = {
    "id": "pairs",
    "prompt": "Given n (1 <= n <= 2000) and a target t, then n integers, print how many pairs i < j have a sum of t.",
    "language": "python",
    "time_limit": 1,
    "correct": [
        "from collections import Counter\n"
        "n, t = map(int, input().split())\nseen, total = Counter(), 0\n"
        "for x in map(int, input().split()):\n    total += seen[t - x]\n    seen[x] += 1\nprint(total)\n",
        "n, t = map(int, input().split())\na = sorted(map(int, input().split()))\nfrom bisect import bisect_left as l, "
        "bisect_right as r\nprint(sum(r(a, t - x, i + 1) - l(a, t - x, i + 1) for i, x in enumerate(a)))\n",
    ],
    "wrong": [
        # counts each value once: wrong where values repeat
        "n, t = map(int, input().split())\na = set(map(int, input().split()))\n"
        "print(sum(t - x in a and x < t - x for x in a))\n",
        # counts a number with itself
        "n, t = map(int, input().split())\na = list(map(int, input().split()))\n"
        "print(sum(a[i] + a[j] == t for i in range(n) for j in range(i, n)))\n",
        # right but cubic
        "n, t = map(int, input().split())\na = list(map(int, input().split()))\nc = 0\n"
        "for i in range(n):\n    for j in range(i + 1, n):\n        for k in range(n):\n"
        "            pass\n        c += a[i] + a[j] == t\nprint(c)\n",
    ],
    "generators": [
        "import random\nrandom.seed(int(input()))\nn = random.randint(1, 6)\nprint(n, random.randint(0, 6))\n"
        "print(*[random.randint(0, 4) for _ in range(n)])\n",
        "import random\nrandom.seed(int(input()))\nn = 2000\nprint(n, 10)\n"
        "print(*[random.randint(-1000, 1000) for _ in range(n)])\n",
    ],
}  # fmt: skip

SUBARRAY = {
    "id": "subarray",
    "prompt": "给定 n 个整数，求和最大的非空连续子数组的和。第一行是 n，第二行是这些整数。",
    "language": "python",
    "time_limit": 1,
    "correct": [
        "input()\nbest = now = None\nfor x in map(int, input().split()):\n"
        "    now = x if now is None or now < 0 else now + x\n"
        "    best = now if best is None else max(best, now)\nprint(best)\n"
    ],
    "wrong": [
        # starts from zero: wrong where all are negative
        "input()\nbest = now = 0\nfor x in map(int, input().split()):\n    now = max(0, now + x)\n"
        "    best = max(best, now)\nprint(best)\n",
        # all of it
        "input()\nprint(sum(map(int, input().split())))\n",
        # one step short
        "n = int(input())\na = list(map(int, input().split()))\n"
        "print(max(sum(a[i:j]) for i in range(n) for j in range(i + 1, n)))\n",
    ],
    "generators": [
        "import random\nrandom.seed(int(input()))\nn = random.randint(1, 7)\nprint(n)\n"
        "print(*[random.randint(-5, 5) for _ in range(n)])\n",
        "import random\nrandom.seed(int(input()))\nn = random.randint(2, 9)\nprint(n)\n"
        "print(*[random.randint(-9, -1) for _ in range(n)])\n",
    ],
}  # fmt: skip

LETTERS = {
    "id": "letters",
    "prompt": "Print how many different letters the line has, upper and lower case being the same.",
    "language": "cpp",
    "time_limit": 2,
    "correct": [
        "#include <bits/stdc++.h>\nint main() { std::string s; std::getline(std::cin, s); std::set<char> k;\n"
        "for (char c : s) if (isalpha(c)) k.insert(tolower(c)); std::cout << k.size() << std::endl; }\n",
        {"language": "python", "source": "print(len({c for c in input().lower() if c.isalpha()}))\n"},
    ],
    "wrong": [
        "#include <bits/stdc++.h>\nint main() { std::string s; std::cin >> s; std::set<char> k;\n"
        "for (char c : s) if (isalpha(c)) k.insert(tolower(c)); std::cout << k.size() << std::endl; }\n",
        {"language": "python", "source": "print(len(set(input()) - {' '}))\n"},
    ],
    "generators": [
        "import random\nrandom.seed(int(input()))\n"
        "print(''.join(random.choice('abABcC z') for _ in range(random.randint(2, 20))))\n"
    ],
}  # fmt: skip


def variant(problem: dict[str, Any], **changes: object) -> dict[str, Any]:
    return {**problem, **changes}
