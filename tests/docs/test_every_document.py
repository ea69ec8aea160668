"""What holds for every document: what it names exists."""

import re
import shlex

from dicom_qr_gateway import __version__
from dicom_qr_gateway.cli import main
from dicom_qr_gateway.config import OPTIONS
from dicom_qr_gateway.pacs_keys import KEYS

# Names in capitals that are no options of ours.
OTHER_NAMES = {"DICOM_QR_GATEWAY", "SCRIPT_NAME", "TCP_NODELAY", "TCP_QUICKACK"}


def test_every_relative_link_leads_somewhere(document, anchors_of):
    for link in document.links:
        if re.match(r"https?://|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.path.parent / path).resolve() if path else document.path
        assert target.exists(), link
        if anchor:
            assert anchor in anchors_of(target), link


def test_every_file_that_is_named_exists(document, root):
    for name in re.findall(r"`((?:docs|deploy|tests)/[\w./-]*)`", document.prose):
        assert (root / name).exists(), name


def test_every_option_that_is_named_exists(document):
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", document.prose))
    assert named <= {option.name for option in OPTIONS} | OTHER_NAMES


def test_every_make_target_that_is_named_exists(document, root):
    makefile = (root / "Makefile").read_text("utf-8")
    named = re.findall(r"`make ([a-z -]+)`", document.prose)
    named += [line[5:] for line in document.shell_lines() if line.startswith("make ")]
    for target in " ".join(named).split():
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_subcommand_and_option_that_is_named_exists(document):
    lines = [line for line in document.shell_lines() if line.startswith("dicom-qr-gateway ")]
    lines += re.findall(r"`(dicom-qr-gateway [^`]+)`", document.prose)
    for line in lines:
        _, name, *arguments = shlex.split(line)
        known = {option for each in main.commands[name].params for option in each.opts}
        assert {each for each in arguments if each.startswith("--")} <= known, line


def test_no_command_line_ends_in_a_backslash(document):
    # Each line of a block can be pasted alone.
    assert not [line for line in document.shell_lines() if line.endswith("\\")]


def test_the_changelog_begins_with_unreleased_and_has_this_version(root):
    changelog = (root / "CHANGELOG.md").read_text("utf-8")
    versions = re.findall(r"^## \[([^\]]+)\](?: - \d{4}-\d{2}-\d{2})?$", changelog, re.MULTILINE)
    assert versions[:2] == ["Unreleased", __version__]


def test_the_configuration_page_has_every_option(root):
    page = (root / "docs/configuration.md").read_text("utf-8")
    names = [each.name for each in (*OPTIONS, *KEYS)]
    assert re.findall(r"^\| `(\w+)`", page, re.MULTILINE) == names


def test_every_dependency_is_explained(root):
    page = (root / "docs/decisions/0005-dependencies.md").read_text("utf-8")
    explained = re.findall(r"^\*\*([\w-]+)\*\*", page, re.MULTILINE)
    setup = (root / "setup.cfg").read_text("utf-8")
    lists = re.findall(r"^(?:install_requires|dev) =\n((?: +.+\n)+)", setup, re.MULTILINE)
    required = re.findall(r"^ +([\w-]+)", "".join(lists), re.MULTILINE)
    assert sorted(explained) == sorted(required)
