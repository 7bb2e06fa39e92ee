// Whether a phone converted a video before it handed it over, as far as the file tells. What is known:
// - Safari's picker hands over H.264 where the camera recorded HEVC, unless one chooses "Current" in its Options: WebKit
//   asks Photos for the "compatible" representation (WebKit pull requests 4886 and 25443: content "has always been
//   transcoded to JPEG (for images) and H.264 (for video)"; the later change exempts videos).
// - What Apple's own writer makes, in the camera and when it converts, names its tracks "Core Media …" (hdlr).
// - The camera lays timed metadata beside picture and sound (tracks of kind "meta", coded "mebx"): seven tracks in a file
//   of an iPhone 15 Pro Max with iOS 26, and also where it records H.264 by itself (Camera › Formats › Most Compatible;
//   H.264 of an iPhone 6 and an iPhone XR among the cameras of the tests). A conversion writes picture and sound.
// - Slow motion that Photos has flattened has exactly 30 frames a second and a time base of 1/2400, a tenth of a frame of
//   240; the camera's own film of 30 has 1/600 (measured on the same phone; that iOS 18 and later hand it over so also
//   with "Current": Immich issue 17576). No key says so: com.apple.quicktime.full-frame-rate-playback-intent is 0 in both.
// - Screen recordings look the same and are none; they bear names of their own. Other apps' films may be slower.
// None of it is a promise of Apple, so that the page says "looks", and sends the file all the same.

import { readMovie } from "./mp4.js";

const APPLE = "Core Media";
const RECORDS_SCREEN = /^(RPReplay|ScreenRecording|Screen Recording)/i;
const SLOWEST = 23; // frames a second; the camera's own least is 24
const FAST_TIMESCALE = 2400;
const FLAT = [29.99, 30.01]; // frames a second

/**
 * @param {File} file
 * @returns {Promise<"converted"|"flattened"|null>} what a phone did to this file, as it looks
 */
export async function conversionOf(file) {
  const movie = await readMovie(file);
  const picture = movie?.tracks.find(({ kind }) => kind === "vide");
  if (!picture?.writer.includes(APPLE) || picture.perSecond < SLOWEST || RECORDS_SCREEN.test(file.name)) return null;
  if (picture.timescale === FAST_TIMESCALE && picture.perSecond > FLAT[0] && picture.perSecond < FLAT[1]) return "flattened";
  const isByCamera = movie.tracks.some(({ kind, coding }) => kind === "meta" && coding === "mebx");
  return picture.coding === "avc1" && !isByCamera ? "converted" : null;
}
