"""Finds out how two recordings of the same happening lie in time, by their sound alone.

``heard`` prepares a recording once, ``candidates`` names offsets that its loudness allows, ``verify`` checks them in
the waveform, ``echo`` tells the sound itself from its echo, ``pair`` decides, ``clocks`` chooses which files of a day
to compare, ``files`` reads them.
"""
