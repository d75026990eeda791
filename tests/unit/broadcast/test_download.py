import pytest

from hustings.broadcast.download import LONGEST, disposition


@pytest.mark.parametrize(
    ("title", "header"),
    [
        ("The ferry", "attachment; filename=\"The ferry.m4a\"; filename*=UTF-8''The%20ferry.m4a"),
        ("Où va Zoë?", "attachment; filename=\"Ou va Zoe.m4a\"; filename*=UTF-8''O%C3%B9%20va%20Zo%C3%AB.m4a"),
        ("سلام", "attachment; filename=\"replay.m4a\"; filename*=UTF-8''%D8%B3%D9%84%D8%A7%D9%85.m4a"),
        ("../../etc/passwd", "attachment; filename=\"etc passwd.m4a\"; filename*=UTF-8''etc%20passwd.m4a"),
        ("a\r\nSet-Cookie: x\"; b", "attachment; filename=\"a Set-Cookie x ; b.m4a\"; "
         "filename*=UTF-8''a%20Set-Cookie%20x%20%3B%20b.m4a"),
        ("", "attachment; filename=\"replay.m4a\"; filename*=UTF-8''replay.m4a"),
    ],
)  # fmt: skip
def test_a_download_is_saved_under_its_title_whatever_that_is(title: str, header: str) -> None:
    assert disposition(title, ".m4a") == header


def test_a_long_title_is_cut() -> None:
    assert f'filename="{"x" * LONGEST}.flac"' in disposition("x" * 140, ".flac")
