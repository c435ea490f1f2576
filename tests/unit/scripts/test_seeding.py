"""Products are put on sale once, whatever became of the last attempt."""

from scripts.seeding import Article, put_on_sale
from scripts.storefront import Storefront
from tests.unit.scripts.shopfront import open_shopfront

ARTICLES = [Article({"slug": slug}, {slug: quantity}) for slug, quantity in (("tea", 3), ("jam", 5))]


async def test_a_second_time_changes_nothing() -> None:
    told: list[None] = []
    async with open_shopfront() as shopfront, Storefront(shopfront.url) as storefront:
        assert await put_on_sale(storefront, ARTICLES, lambda: told.append(None)) == 2
        assert await put_on_sale(storefront, ARTICLES) == 0
    assert shopfront.stock == {"tea": 3, "jam": 5}
    assert set(shopfront.products) == {"tea", "jam"}
    assert shopfront.previews == [422, 200]
    assert len(told) == 2


async def test_what_was_cut_off_is_completed() -> None:
    async with open_shopfront() as shopfront, Storefront(shopfront.url) as storefront:
        shopfront.stock = {"tea": 3}
        assert await put_on_sale(storefront, ARTICLES) == 2
    assert shopfront.stock == {"tea": 3, "jam": 5}
