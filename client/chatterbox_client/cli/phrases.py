"""What a screen reader says all day: letters, figures, symbols, keys and labels, in English."""

import string

from chatterbox_client.readers.symbols import name_of

KEYS = """
alt, backspace, caps lock, control, delete, down, end, enter, escape, home, insert, left, menu, num lock,
page down, page up, pause, print, return, right, scroll lock, shift, space, super, tab, up,
f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12
"""
LABELS = """
Address, Apply, Back, Bookmarks, Cancel, Close, Copy, Cut, Desktop, Downloads, Edit, File, Find, Forward, Go, Help,
History, Menu, New, Next, No, OK, Open, Options, Paste, Preferences, Previous, Print, Quit, Redo, Reload, Remove,
Rename, Replace, Save, Save as, Search, Select all, Settings, Tools, Trash, Undo, View, Window, Yes,
blank, bottom, button, check box, checked, collapsed, combo box, dialog, entry, expanded, heading, image, link,
list, list item, menu bar, not checked, not selected, page tab, push button, radio button, read only, selected,
slider, table, text, top, tree item, unavailable, visited, visited link, wrapped
"""


def usual_phrases() -> list[str]:
    """Each once, in the order in which they are likely to be needed."""
    symbols = [name for character in f" \t\n{string.punctuation}" if (name := name_of(character)) is not None]
    words = [word.strip() for word in f"{KEYS},{LABELS}".split(",")]
    small, capitals = string.ascii_lowercase, string.ascii_uppercase
    return list(dict.fromkeys([*small, *string.digits, *symbols, *words, *capitals]))
