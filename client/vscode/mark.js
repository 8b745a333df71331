'use strict';
// Marks the words of a text that may be edited: a range of a document goes in, then words by their place in its text.

const vscode = require('vscode');

/** Where each code point of a text begins, counted in the UTF-16 units that VS Code counts in; then its length. */
function unitsOf(text) {
  const units = [];
  let unit = 0;
  for (const character of text) {
    units.push(unit);
    unit += character.length;
  }
  units.push(unit);
  return units;
}

class Mark {
  /** A mark for the text of `range`, not shown yet; `decoration` is how a marked word looks. */
  constructor(document, range, decoration) {
    this.text = document.getText(range);
    this.document = document;
    this.decoration = decoration;
    this.start = document.offsetAt(range.start);
    this.units = unitsOf(this.text);
    this.edits = [];
    this.watch = vscode.workspace.onDidChangeTextDocument((event) => {
      if (event.document === document) {
        this.edits.push(...event.contentChanges);
      }
    });
  }

  /** Mark `length` code points from `start` of the text, and nothing if they were edited. */
  show(start, length, { follow }) {
    const [from, to] = [this.units[start], this.units[start + length]];
    const begin = this.placeNow(this.start + from);
    const range = new vscode.Range(
      this.document.positionAt(begin),
      this.document.positionAt(begin + to - from),
    );
    const isThere = this.document.getText(range) === this.text.slice(from, to);
    this.decorate(isThere ? [range] : []);
    if (isThere && follow) {
      for (const editor of this.editors()) {
        editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
      }
    }
  }

  /** Take the mark off its document. */
  close() {
    this.watch.dispose();
    this.decorate([]);
  }

  /** Where what stood at this offset stands now. */
  placeNow(offset) {
    for (const { rangeOffset, rangeLength, text } of this.edits) {
      if (offset >= rangeOffset + rangeLength) {
        offset += text.length - rangeLength;
      }
    }
    return offset;
  }

  editors() {
    return vscode.window.visibleTextEditors.filter((editor) => editor.document === this.document);
  }

  decorate(ranges) {
    for (const editor of this.editors()) {
      editor.setDecorations(this.decoration, ranges);
    }
  }
}

module.exports = { Mark };
