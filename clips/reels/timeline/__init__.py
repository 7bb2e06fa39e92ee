"""Project files for video editors: FCPXML, FCP7 XML, OTIO, EDL and CSV of one time-line."""
