"""`make deploy` and `make smoke`: their commands and the order."""

from __future__ import annotations

import os
import shlex
import subprocess

import pytest

from tests.deployment.deployer import ROOT

BUILD, CHECK = "deploy.package", "deploy.check"
FUN, SMOKE = "fun deploy -y", "deploy.smoke"


def last_lines(number, *words):
    """Return what make would run in the end, from each line's `python -m` on."""
    done = subprocess.run(
        ["make", "--dry-run", *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},  # not what another make has put there
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    lines = done.stdout.splitlines()[-number:]
    return [shlex.split(each.partition("python -m ")[2] or each) for each in lines]


def test_nothing_is_deployed_unchecked_or_left_unseen():
    """make deploy runs build, check, fun and the smoke test."""
    expected = [[BUILD], [CHECK, "--deployed"], shlex.split(FUN), [SMOKE, "--built"]]

    assert expected == last_lines(4, "deploy")


def test_function_compute_3_has_the_same_steps():
    """make deploy FC=3 checks, deploys by Serverless Devs, and looks at the result."""
    by_s, on_3 = ["deploy.serverless_devs"], ["--fc", "3"]
    expected = [[BUILD], [CHECK, "--deployed", *on_3], by_s, [SMOKE, "--built", *on_3]]

    assert expected == last_lines(4, "deploy", "FC=3")
    assert [[SMOKE, *on_3, "https://a"]] == last_lines(
        1, "smoke", "FC=3", "URL=https://a"
    )


@pytest.mark.parametrize(
    ("environment", "words", "expected"),
    [
        ({}, [], "FC='' RUNTIME=''"),
        ({"FC": "gfortran"}, [], "FC='' RUNTIME=''"),
        ({"FC": "3"}, [], "FC='3' RUNTIME=''"),
        ({}, ["FC=3", "RUNTIME=python3.12"], "FC='3' RUNTIME='python3.12'"),
        ({}, ["FC=4"], "FC='4' RUNTIME=''"),
    ],
)
def test_fc_is_no_fortran_compiler(environment, words, expected):
    """make and many environments set FC; only its own values count from there."""
    done = subprocess.run(
        ["make", "--dry-run", "build", *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )

    assert done.stdout.splitlines()[-1].startswith(f"{expected} ")


@pytest.mark.parametrize(
    ("reach", "expected"), [("yes", ["--reach"]), ("no", []), ("", [])]
)
def test_reach_is_asked_for_by_yes_alone(reach, expected):
    """Only REACH=yes uses --reach."""
    assert [CHECK, "--deployed", *expected] == last_lines(
        3, "deploy", f"REACH={reach}"
    )[0]


@pytest.mark.parametrize(
    ("word", "expected"), [("yes", []), ("no", ["--deployed"]), ("", ["--deployed"])]
)
def test_an_older_certificate_is_asked_for_by_yes_alone(word, expected):
    """Only OLDER_CERTIFICATE=yes compares no certificate."""
    words = "deploy", f"OLDER_CERTIFICATE={word}"
    assert [CHECK, *expected] == last_lines(3, *words)[0]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], [""]),
        (["URL=https://a.example.com"], ["https://a.example.com"]),
        (["URL=http://[::1"], ["http://[::1"]),
        (["UNSIGNED=yes", "URL=https://a"], ["--unsigned", "https://a"]),
        (["UNSIGNED=no", "URL=https://a"], ["https://a"]),
    ],
)
def test_smoke_passes_on_what_it_is_told(words, expected):
    """make smoke passes on URL and UNSIGNED."""
    assert [[SMOKE, *expected]] == last_lines(1, "smoke", *words)


def test_a_release_is_one_command():
    """make release passes nothing on: what is released is what is checked out."""
    assert [["deploy.release"]] == last_lines(1, "release")
