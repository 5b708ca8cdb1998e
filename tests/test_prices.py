"""What calls cost: the table, what a project changes in it, and what stays unknown."""

import asyncio
import json
from datetime import date
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agraph.runtime.errors import InputError
from agraph.runtime.frame import Row
from agraph.runtime.models.messages import read_reply
from agraph.runtime.plan import deployed
from agraph.runtime.prices import Price, TokenCounts, cost_usd, project_prices, service_prices
from agraph.runtime.session import Session
from agraph.testing import MessagesServer, text
from tests.commands import in_new_process
from tests.graphs import call, graph, model, node

PRICE = Price(input=2.0, output=10.0, cache_read=0.2, cache_write_5m=2.5, cache_write_1h=4.0)

COUNTS = st.none() | st.integers(0, 10**7)


def project(folder: Path, prices: str) -> Path:
    (folder / "pyproject.toml").write_text(f"[tool.agraph.prices]\n{prices}\n")
    return folder


def cost_of(usage: object, price: Price | None = PRICE) -> float | None:
    body = {"content": [{"type": "text", "text": "4"}], "usage": usage}
    return read_reply(json.dumps(body).encode(), (), price).usage.cost_usd


def test_the_table_has_a_date_and_prices_that_make_sense() -> None:
    prices = service_prices()
    assert date.fromisoformat(prices.date) > date(2026, 1, 1)
    for price in prices.service.values():
        assert price.cache_read is not None
        assert price.cache_write_5m is not None
        assert price.cache_write_1h is not None
        assert 0 < price.cache_read < price.input < price.cache_write_5m < price.cache_write_1h < price.output


def test_every_part_of_a_call_has_its_own_price() -> None:
    usage = {
        "input_tokens": 1_000_000,
        "output_tokens": 100_000,
        "cache_read_input_tokens": 1_000_000,
        "cache_creation_input_tokens": 300_000,
        "cache_creation": {"ephemeral_5m_input_tokens": 200_000, "ephemeral_1h_input_tokens": 100_000},
    }
    assert cost_of(usage) == pytest.approx(2.0 + 1.0 + 0.2 + 0.5 + 0.4)


def test_a_long_call_has_the_long_price_as_a_whole() -> None:
    price = Price(1.0, 1.0, long_from=100, long=Price(5.0, 5.0))
    assert cost_usd(price, TokenCounts(99, 1, 0, 0, 0)) == pytest.approx(100 / 1e6)
    assert cost_usd(price, TokenCounts(100, 1, 0, 0, 0)) == pytest.approx(505 / 1e6)
    assert cost_usd(price, TokenCounts(99, 1, None, 0, 0)) is None


@given(COUNTS, COUNTS, COUNTS)
def test_a_cost_is_known_where_all_its_counts_are(
    fresh: int | None, output: int | None, read: int | None
) -> None:
    cost = cost_usd(PRICE, TokenCounts(fresh, output, read, 0, 0))
    assert (cost is None) == (None in (fresh, output, read))
    assert cost is None or cost >= 0


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {"input_tokens": 1},
        {"input_tokens": 1, "output_tokens": 1, "service_tier": "priority"},
        {"input_tokens": 1, "output_tokens": 1, "speed": "fast"},
        {"input_tokens": 1, "output_tokens": 1, "inference_geo": "us"},
        {"input_tokens": 1, "output_tokens": 1, "server_tool_use": {"web_search_requests": 1}},
    ],
)
def test_a_call_that_the_table_does_not_tell_of_has_an_unknown_cost(usage: object) -> None:
    assert cost_of(usage) is None


def test_a_cached_token_without_a_price_is_not_free() -> None:
    bare = Price(input=2.0, output=10.0)
    assert cost_usd(bare, TokenCounts(1_000_000, 0, 0, 0, 0)) == 2.0
    assert cost_usd(bare, TokenCounts(1_000_000, 0, 1, 0, 0)) is None


def test_the_services_prices_are_for_the_service_alone() -> None:
    prices = service_prices()
    assert prices.of("claude-haiku-4-5", by_service=True) == prices.of(
        "claude-haiku-4-5-20251001", by_service=True
    )
    assert prices.of("claude-haiku-4-5", by_service=False) is None
    assert prices.of("claude-haiku-9", by_service=True) is None


def test_a_projects_prices_go_first_wherever_the_model_runs(tmp_path: Path) -> None:
    said = '"claude-haiku-4-5" = { input = 7, output = 8 }\n"qwen3:8b" = { input = 0, output = 0 }'
    prices = project_prices(project(tmp_path, said))
    assert prices.of("claude-haiku-4-5", by_service=True) == Price(7, 8)
    assert prices.of("qwen3:8b", by_service=False) == Price(0, 0)
    assert prices.of("claude-opus-5-5", by_service=True) == service_prices().service["claude-opus-5-5"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("m = 3", "`m` should be a table of prices"),
        ("m = { input = 1 }", "`m` says no price of `output`"),
        ("m = { input = 1, output = -2 }", "`output` should be a number that is not negative"),
        ("m = { input = 1, output = 2, cache_reed = 1 }", "did you mean `cache_read`"),
        ("m = { input = 1, output = 2, long_from = 9 }", "`long` and `long_from` belong together"),
        ("m = ", "cannot be read"),
    ],
)
def test_a_price_that_cannot_be_used_is_named(tmp_path: Path, said: str, words: str) -> None:
    with pytest.raises(InputError, match=r"pyproject\.toml") as caught:
        project_prices(project(tmp_path, said))
    assert words in str(caught.value)


def test_a_project_without_a_table_has_the_services(tmp_path: Path) -> None:
    assert project_prices(tmp_path) is service_prices()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')
    assert project_prices(tmp_path) == service_prices()


def test_a_session_counts_at_the_prices_of_the_graphs_project(tmp_path: Path) -> None:
    (own := tmp_path / "own").mkdir()
    (strange := tmp_path / "strange").mkdir()
    project(own, '"local" = { input = 100_000, output = 200_000 }')
    project(strange, '"local" = { input = 0, output = 0 }')

    async def spent() -> float | None:
        async with MessagesServer(text("4")) as server:
            imported = str(strange / "models.agraph")
            local = model("m", "anthropic", "local", origin=imported, base_url=server.base_url)
            of = attrs.evolve(graph([node("end", call("hi"))], models=[local]), origin=str(own / "g.agraph"))
            async with Session(of) as session:
                await session.run(deployed(of), Row("1", {}))
                return session.usage.cost_usd

    assert asyncio.run(spent()) == pytest.approx((10 * 100_000 + 5 * 200_000) / 1e6)


def test_an_unknown_price_is_said_and_is_not_zero(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"q": "2 + 2?", "target": "4"}\n')
    with MessagesServer(text("4")) as server:
        (tmp_path / "g.agraph").write_text(
            f'agraph 1\n\nmodel m = anthropic("local", base_url = "{server.base_url}")\n\n'
            'graph g(q: str) -> str {\n  node a "Answers." -> str {\n    model = m\n'
            '    prompt = "{{ q }}"\n  }\n  output a\n}\n'
        )
        finished = in_new_process(
            "eval", tmp_path / "g.agraph", "--data", tmp_path / "rows.jsonl", "--target", "target"
        )
    assert finished.code == 0, finished
    assert "15 tokens, cost unknown" in finished.out
