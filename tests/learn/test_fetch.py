"""Fetching the full MNIST, tried on small files against servers on this machine that misbehave on purpose."""

import contextlib
import gzip
import hashlib
import http.server
import io
import tarfile
import threading
import zipfile

import pytest

from xlcicf.errors import DataError
from xlcicf.learn import fetch

CONTENT = bytes(range(256)) * 4000  # 1 MB; stored as it is, so that a download takes many chunks
PACKED = gzip.compress(CONTENT, compresslevel=0, mtime=0)
FILE = fetch.File("digits-ubyte", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


@contextlib.contextmanager
def server(body=PACKED, *, ranges=True, ends_after=None, status=200):
    """(address, the Range headers it was asked for). `ends_after` so many bytes it hangs up."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.headers["Range"])
            if self.path != "/mnist/digits-ubyte.gz" or status != 200:
                return self.send_error(404 if status == 200 else status)
            begin = int(self.headers["Range"][6:-1]) if ranges and self.headers["Range"] else 0
            if begin >= len(body):
                return self.send_error(416)
            self.send_response(206 if begin else 200)
            self.send_header("Content-Length", str(len(body) - begin))
            self.end_headers()
            self.wfile.write(body[begin:ends_after])

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{httpd.server_port}/mnist/", asked
        finally:
            httpd.shutdown()
            thread.join()


def download(folder, *mirrors):
    return list(fetch.download(folder, mirrors, (FILE,)))


def stored(folder):
    """Everything that is left in the folder, by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


WHOLE = {FILE.name: CONTENT}


def test_a_download_tells_how_far_it_is_and_leaves_the_file_alone(tmp_path):
    with server() as (mirror, _):
        told = download(tmp_path, mirror)
    assert [p.done for p in told] == sorted(p.done for p in told)
    assert told[-1] == fetch.Progress(FILE.name, len(PACKED), len(PACKED))
    assert stored(tmp_path) == WHOLE


def test_what_is_there_is_not_downloaded_again(tmp_path):
    with server() as (mirror, asked):
        download(tmp_path, mirror)
        assert download(tmp_path, mirror) == []
    assert len(asked) == 1


def test_a_broken_download_goes_on_where_it_broke_off(tmp_path):
    with server(ends_after=300_000) as (mirror, _), pytest.raises(DataError, match="ended after 300,000 of"):
        download(tmp_path, mirror)
    assert stored(tmp_path).keys() == {f"{FILE.name}.gz.part"}
    with server() as (mirror, asked):
        told = download(tmp_path, mirror)
    assert asked == ["bytes=300000-"]
    assert told[-1].done == told[-1].total == len(PACKED)
    assert stored(tmp_path) == WHOLE


def test_the_next_mirror_goes_on_where_the_first_broke_off(tmp_path):
    with server(ends_after=300_000) as (first, _), server() as (second, asked):
        download(tmp_path, first, second)
    assert asked == ["bytes=300000-"]
    assert stored(tmp_path) == WHOLE


def test_a_download_stopped_by_its_consumer_can_be_resumed(tmp_path):
    with server() as (mirror, _):
        run = fetch.download(tmp_path, (mirror,), (FILE,))
        first = next(run)
        run.close()
        assert stored(tmp_path) == {f"{FILE.name}.gz.part": PACKED[: first.done]}
        download(tmp_path, mirror)
    assert stored(tmp_path) == WHOLE


def test_a_server_that_knows_no_ranges_sends_all_of_it_again(tmp_path):
    (tmp_path / f"{FILE.name}.gz.part").write_bytes(PACKED[:1000])
    with server(ranges=False) as (mirror, _):
        download(tmp_path, mirror)
    assert stored(tmp_path) == WHOLE


def test_a_part_that_is_complete_needs_nothing_more(tmp_path):
    (tmp_path / f"{FILE.name}.gz.part").write_bytes(PACKED)
    with server() as (mirror, _):
        download(tmp_path, mirror)
    assert stored(tmp_path) == WHOLE


def test_something_else_is_thrown_away_and_the_next_mirror_asked_for_all(tmp_path):
    other = gzip.compress(CONTENT[::-1], compresslevel=0)
    with server(other) as (liar, _), server(b"<html>") as (portal, _), server() as (mirror, asked):
        download(tmp_path, liar, portal, mirror)
    assert asked == [None]
    assert stored(tmp_path) == WHOLE


def test_a_resumed_download_of_another_file_does_not_stay(tmp_path):
    (tmp_path / f"{FILE.name}.gz.part").write_bytes(b"nonsense")
    with server() as (mirror, _):
        with pytest.raises(DataError, match="sent something else"):
            download(tmp_path, mirror)
        download(tmp_path, mirror)
    assert stored(tmp_path) == WHOLE


def test_a_bomb_is_not_unpacked(tmp_path):
    with server(gzip.compress(bytes(200_000_000))) as (mirror, _), pytest.raises(DataError):
        download(tmp_path, mirror)
    assert stored(tmp_path) == {}


def test_when_no_mirror_has_it_the_message_names_them_and_the_way_out(tmp_path):
    with server(status=503) as (first, _), server(status=403) as (second, _):
        with pytest.raises(DataError) as caught:
            download(tmp_path, first, second)
    for words in (FILE.name, first, second, "503", "403", "xlcicf data mnist --from PATH"):
        assert words in str(caught.value)


def test_no_network_is_a_named_problem(tmp_path):
    with server() as (gone, _):
        pass
    with pytest.raises(DataError, match="did not come from"):
        download(tmp_path, gone)


# ---- from a folder or an archive -------------------------------------------------------------------------


def as_folder(path, name, content):
    (path / "deep" / "inside").mkdir(parents=True)
    (path / "deep" / "inside" / name).write_bytes(content)
    return path


def as_zip(path, name, content):
    path.mkdir()
    with zipfile.ZipFile(path / "digits.zip", "w") as archive:
        archive.writestr(f"package/data/{name}", content)
    return path / "digits.zip"


def as_tar(path, name, content):
    path.mkdir()
    with tarfile.open(path / "digits.tgz", "w:gz") as archive:
        member = tarfile.TarInfo(f"package/data/{name}")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return path / "digits.tgz"


by_source = pytest.mark.parametrize("source", [as_folder, as_zip, as_tar])


@by_source
@pytest.mark.parametrize(("suffix", "content"), [("", CONTENT), (".gz", PACKED)], ids=["plain", "gzipped"])
def test_the_files_may_come_from(source, suffix, content, tmp_path):
    path = source(tmp_path / "source", FILE.name + suffix, content)
    told = list(fetch.take(path, tmp_path / "cache", (FILE,)))
    assert told == [fetch.Progress(FILE.name, FILE.size, FILE.size)]
    assert stored(tmp_path / "cache") == WHOLE


@by_source
def test_a_file_that_is_not_the_published_one_is_refused(source, tmp_path):
    path = source(tmp_path / "source", FILE.name, CONTENT[::-1])
    with pytest.raises(DataError, match="has no digits-ubyte with the published checksum"):
        list(fetch.take(path, tmp_path / "cache", (FILE,)))
    assert stored(tmp_path / "cache") == {}


@pytest.mark.parametrize("name", ["missing.zip", "text.txt"])
def test_what_is_neither_folder_nor_archive_is_refused(name, tmp_path):
    (tmp_path / "text.txt").write_text("no archive")
    with pytest.raises(DataError, match="is no folder, .zip or .tar.gz that can be read"):
        list(fetch.take(tmp_path / name, tmp_path / "cache", (FILE,)))


@pytest.mark.parametrize("source", [as_zip, as_tar])
def test_an_archive_that_breaks_off_is_refused(source, tmp_path):
    path = source(tmp_path / "source", FILE.name, CONTENT)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(DataError):
        list(fetch.take(path, tmp_path / "cache", (FILE,)))


# ---- where they go ---------------------------------------------------------------------------------------


def test_the_environment_may_name_another_cache(tmp_path, monkeypatch):
    monkeypatch.setenv(fetch.FOLDER, str(tmp_path))
    assert fetch.cache() == tmp_path / "mnist"


def test_a_cache_that_cannot_be_made_says_what_to_set(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="name another in XLCICF_DATA"):
        download(tmp_path / "file" / "mnist")


def test_the_mirrors_are_two_and_their_files_four():
    assert len(fetch.MIRRORS) == 2
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in fetch.MIRRORS)
    assert [file.size for file in fetch.FILES] == [
        16 + 784 * 60_000,
        8 + 60_000,
        16 + 784 * 10_000,
        8 + 10_000,
    ]
