"""``manage.py make_icons``: draws the icons of the installed app from ``static/icon.svg``."""

import re
import shutil

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

#: Name of each icon, its side in pixels, and how much of it the drawing takes: a phone cuts a circle out of a maskable
#: one, of which only the inner 80 % are safe (W3C Web Application Manifest, "Icon masks and safe zone").
ICONS = {"192": (192, 1.0), "512": (512, 1.0), "maskable-512": (512, 0.8)}
GROUND = re.compile(r'<rect [^>]*fill="(#\w+)"/>')


class Command(BaseCommand):
    help = "Draw static/icons/*.png from static/icon.svg. Needs playwright (requirements-dev.txt) and Chromium."

    def handle(self, **_options: object) -> None:
        try:
            from playwright.sync_api import sync_playwright
        except ImportError:
            raise CommandError("This needs playwright: pip install -r requirements-dev.txt.") from None
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        if chromium is None:
            raise CommandError("This needs Chromium, which is not installed.")
        drawing = (settings.BASE_DIR / "static" / "icon.svg").read_text(encoding="utf-8")
        folder = settings.BASE_DIR / "static" / "icons"
        folder.mkdir(exist_ok=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            for name, (side_px, share) in ICONS.items():
                page = browser.new_page(viewport={"width": side_px, "height": side_px})
                page.set_content(_page(drawing, share))
                page.screenshot(path=folder / f"{name}.png", omit_background=True)
                self.stdout.write(f"{folder / name}.png")
            browser.close()


def _page(drawing: str, share: float) -> str:
    """Return a page with nothing but the drawing; a smaller one lies on its own ground, to the edges."""
    (ground,) = GROUND.findall(drawing)
    colour = ground if share < 1 else "transparent"
    style = f"margin:0;height:100vh;display:grid;place-items:center;background:{colour}"
    sized = drawing.replace("<svg ", f'<svg width="{100 * share}%" height="{100 * share}%" ', 1)
    return f'<body style="{style}">{sized}'
