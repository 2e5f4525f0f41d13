"""
Which derivative is made of what, and what a recipe promises.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ingest.probe import Facts, Finding, Stream, StreamKind
from ingest.recipes import OutputKind, Recipe, plays_already, poster_recipes, review_recipes
from ingest.tools import Tools
from storage.evidence import Algorithm, MediaKind

_H264 = Stream(StreamKind.VIDEO, "h264", "yuv420p")
_AAC = Stream(StreamKind.AUDIO, "aac", channels=2)


def _film(*streams: Stream, duration: timedelta | None = None, findings: tuple[Finding, ...] = ()) -> Facts:
    return Facts(MediaKind.VIDEO, 1, duration=duration, streams=streams, findings=findings)


def _names(recipes: tuple[Recipe, ...]) -> list[str]:
    return [recipe.name for recipe in recipes]


def _value(recipe: Recipe, option: str) -> str:
    return recipe.arguments[recipe.arguments.index(option) + 1]


@pytest.mark.parametrize(
    ("streams", "plays"),
    [
        ([_H264, _AAC], True),
        ([_H264], True),
        ([_AAC, _H264], True),
        ([Stream(StreamKind.VIDEO, "h264", "yuvj420p")], True),
        ([Stream(StreamKind.VIDEO, "h264", "yuv420p10le")], False),
        ([Stream(StreamKind.VIDEO, "h264", "yuv422p")], False),
        ([Stream(StreamKind.VIDEO, "hevc", "yuv420p"), _AAC], False),
        ([_H264, Stream(StreamKind.AUDIO, "pcm_alaw")], False),
        ([_AAC], False),
    ],
)
def test_only_what_a_browser_plays_is_wrapped_anew(streams: list[Stream], *, plays: bool) -> None:
    film = _film(*streams)

    assert plays_already(film) is plays
    assert (_names(review_recipes(film))[0] == "review/remux-1") is plays


def test_what_cannot_be_wrapped_is_transcoded_and_what_cannot_be_transcoded_salvaged() -> None:
    assert _names(review_recipes(_film(_H264))) == ["review/remux-1", "review/h264-1", "review/salvage-1"]


def test_what_is_cut_off_is_never_only_wrapped_anew() -> None:
    """
    The half picture at its end would stop the player.
    """
    assert _names(review_recipes(_film(_H264, _AAC, findings=(Finding.TRUNCATED,)))) == ["review/salvage-1"]


@pytest.mark.parametrize(
    ("kind", "review", "poster"),
    [
        (MediaKind.AUDIO, ["review/aac-1"], []),
        (MediaKind.PHOTO, [], ["poster/photo-1"]),
        (MediaKind.OTHER, [], []),
        (MediaKind.SIDECAR, [], []),
    ],
)
def test_sound_is_heard_and_photos_are_seen(kind: MediaKind, review: list[str], poster: list[str]) -> None:
    found = Facts(kind, 1)

    assert _names(review_recipes(found)) == review
    assert _names(poster_recipes(found)) == poster


@pytest.mark.parametrize(
    ("duration", "moments"),
    [
        (timedelta(minutes=5), ["1.000", "0.000"]),
        (timedelta(seconds=4), ["0.400", "0.000"]),
        (None, ["0.000"]),
    ],
)
def test_the_poster_is_a_tenth_in_but_at_most_one_second(duration: timedelta | None, moments: list[str]) -> None:
    assert [_value(recipe, "-ss") for recipe in poster_recipes(_film(_H264, duration=duration))] == moments


def test_more_than_two_channels_become_two() -> None:
    surround = _film(_H264, Stream(StreamKind.AUDIO, "dts", channels=6))

    assert _value(review_recipes(surround)[0], "-ac") == "2"
    assert "-ac" not in review_recipes(_film(_AAC))[0].arguments


def test_the_same_recipe_has_the_same_digest_and_another_another() -> None:
    films = [_film(_H264, _AAC, duration=timedelta(seconds=second)) for second in (3, 4)]
    first, second = (review_recipes(film) for film in films)

    assert [recipe.digest for recipe in first] == [recipe.digest for recipe in second]
    assert len({recipe.digest for recipe in (*first, *poster_recipes(films[0]), *poster_recipes(films[1]))}) == 6
    assert first[0].digest.algorithm is Algorithm.SHA256


def test_a_recipe_that_changes_needs_a_new_name() -> None:
    """
    These stand in ledgers. If this fails, the arguments have changed: give the recipe its next number.
    """
    film = _film(_H264)
    sound, photo = Facts(MediaKind.AUDIO, 1), Facts(MediaKind.PHOTO, 1)
    every = (*review_recipes(film), *review_recipes(sound), *poster_recipes(film), *poster_recipes(photo))

    assert {recipe.name: recipe.digest.hex[:16] for recipe in every} == {
        "review/remux-1": "706b53945537ff0a",
        "review/h264-1": "e59bb5ba881a9e85",
        "review/salvage-1": "45865ece9b46bb28",
        "review/aac-1": "4e139daaa8c99df9",
        "poster/frame-1": "916a709f616ee459",
        "poster/photo-1": "b16ecdf59a470dc8",
    }


@pytest.mark.parametrize("kind", [MediaKind.VIDEO, MediaKind.AUDIO, MediaKind.PHOTO])
def test_every_command_reads_one_file_and_writes_one_and_nothing_else(kind: MediaKind, tools: Tools) -> None:
    found = Facts(kind, 1, streams=(_H264,), duration=timedelta(seconds=9))

    for recipe in (*review_recipes(found), *poster_recipes(found)):
        argv = recipe.argv(tools, original=Path("-i.mp4"), target=Path("/out/-y"))
        before_input = argv[: argv.index("-i")]
        assert argv.count("-i") == 1
        assert argv[argv.index("-i") + 1] == f"file:{Path.cwd()}/-i.mp4"
        assert argv[-2:] == ["file:/out/-y", "-y"]
        assert before_input[before_input.index("-protocol_whitelist") + 1] == "file,pipe"
        assert "concat" not in before_input[before_input.index("-format_whitelist") + 1]
        assert not any("{" in word for word in argv)


def test_what_is_played_can_be_played_while_it_loads_and_says_nothing_of_the_original() -> None:
    reviews = [*review_recipes(_film(_H264)), *review_recipes(Facts(MediaKind.AUDIO, 1))]

    assert {recipe.kind for recipe in reviews} == {OutputKind.REVIEW}
    assert {_value(recipe, "-movflags") for recipe in reviews} == {"+faststart"}
    assert {_value(recipe, "-map_metadata") for recipe in reviews} == {"-1"}
