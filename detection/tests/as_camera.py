"""Re-encodes takes as an action camera writes them, to measure cost and quality on realistic files.

    python -m detection.tests.as_camera OUT_DIR FILE...

1080p60 H.264 of 40 Mbit/s, a keyframe each half second, no B-frames, with the grain of a sensor; sound as it is.
"""

import sys
from fractions import Fraction
from pathlib import Path

import av

BIT_RATE, RATE_HZ, GROUP = 40_000_000, 60, 30
FILTERS = (("scale", "1920:1080"), ("framerate", f"fps={RATE_HZ}"), ("noise", "alls=6:allf=t"), ("format", "yuv420p"))
OPTIONS = {
    "preset": "ultrafast", "g": f"{GROUP}", "keyint_min": f"{GROUP}", "bf": "0", "sc_threshold": "0",
    "maxrate": "44M", "bufsize": "40M", "x264-params": "cabac=1:no-deblock=0:deblock=0,0",
}  # fmt: skip


def re_encode(source: Path, target: Path) -> None:
    """Write the copy; a graph of filters blends 30 pictures a second to 60."""
    with av.open(str(source)) as container, av.open(str(target), "w") as copy:
        video, audio = container.streams.video[0], container.streams.audio[0]
        picture = copy.add_stream("libx264", rate=RATE_HZ)
        picture.width, picture.height, picture.pix_fmt = 1920, 1080, "yuv420p"
        picture.bit_rate, picture.options = BIT_RATE, OPTIONS
        picture.time_base = Fraction(1, RATE_HZ)
        sound = copy.add_stream_from_template(audio)
        graph = _graph(video)
        for packet in container.demux(video, audio):
            if packet.dts is None:
                continue
            if packet.stream is audio:
                packet.stream = sound
                copy.mux(packet)
                continue
            for frame in packet.decode():
                graph.push(frame)
                _drain(graph, picture, copy)
        graph.push(None)
        _drain(graph, picture, copy)
        copy.mux(picture.encode())


def _graph(video: av.VideoStream) -> av.filter.Graph:
    graph = av.filter.Graph()
    last = graph.add_buffer(template=video, time_base=video.time_base)
    for name, arguments in FILTERS:
        node = graph.add(name, arguments)
        last.link_to(node)
        last = node
    last.link_to(graph.add("buffersink"))
    graph.configure()
    return graph


def _drain(graph: av.filter.Graph, picture: av.VideoStream, copy: av.container.OutputContainer) -> None:
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        frame.pict_type = 0  # the encoder decides anew
        copy.mux(picture.encode(frame))


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:]:
        re_encode(Path(name), folder / Path(name).name)
