"""Every code block of the README and of the documentation runs, and prints what the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.blocks import Page, blocks_of

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
HAND_WRITTEN = [page for page in PAGES if "generated" not in page.parts]
WITH_CODE = [page for page in HAND_WRITTEN if blocks_of(page)]


def test_pages_with_code_are_found() -> None:
    names = {page.relative_to(ROOT).as_posix() for page in WITH_CODE}
    assert {"README.md", "docs/tutorial.md", "docs/how-to/your-own-data.md"} <= names


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page(page: Path, tmp_path: Path) -> None:
    ran = Page(page, tmp_path).run()
    skipped = sum(block.directive == "not run" for block in blocks_of(page))
    assert ran + skipped > 0 or all(block.language == "text" for block in blocks_of(page))


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:")[2]
    for page in HAND_WRITTEN[2:]:
        assert f": {page.relative_to(ROOT / 'docs').as_posix()}\n" in navigation


def write(folder: Path, text: str) -> Page:
    path = folder / "page.md"
    path.write_text(text, "utf-8")
    return Page(path, folder)


def test_a_wrong_output_is_found(tmp_path: Path) -> None:
    page = write(tmp_path, "```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n")
    with pytest.raises(AssertionError, match="but this came out"):
        page.run()


def test_a_failing_command_is_found(tmp_path: Path) -> None:
    page = write(tmp_path, "```console\n$ false\n```\n")
    with pytest.raises(AssertionError, match="false"):
        page.run()


def test_a_language_that_cannot_run_is_found(tmp_path: Path) -> None:
    page = write(tmp_path, "```bash\nls\n```\n")
    with pytest.raises(AssertionError, match="no way to run 'bash'"):
        page.run()


def test_blocks_share_a_folder_and_a_namespace(tmp_path: Path) -> None:
    page = write(
        tmp_path,
        '```csv title="a.csv"\nx\n1\n```\n\n```console\n$ cat a.csv\nx\n1\n```\n\n'
        "```python\nfrom pathlib import Path\nx = Path('a.csv').read_text()\n```\n\n```python\nprint(len(x))\n```\n\n```text\n4\n```\n",
    )
    assert page.run() == 4
