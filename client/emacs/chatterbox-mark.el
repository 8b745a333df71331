;;; chatterbox-mark.el --- Mark the words of a text that may be edited -*- lexical-binding: t; -*-

;; Copyright (c) 2026 The chatterboxd authors
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; A text of a buffer goes in, then words by their place in that text; each is
;; marked where it stands now.  It knows nothing of speech.

;;; Code:

(require 'cl-lib)

(defface chatterbox-word '((t :inherit highlight))
  "The word that is being spoken."
  :group 'chatterbox)

(cl-defstruct chatterbox-mark
  "A TEXT that stood at START of BUFFER, its EDITS since, the newest first.
Each edit is a list: where it began, and the lengths before and after.
WATCH is the function that notes them."
  text buffer start edits watch overlay)

(defun chatterbox-mark-open (begin end)
  "A mark for the text between BEGIN and END, not shown yet."
  (let* ((mark (make-chatterbox-mark
                :text (buffer-substring-no-properties begin end)
                :buffer (current-buffer) :start begin
                :overlay (make-overlay begin begin)))
         (watch (lambda (from to old-length)
                  (push (list from old-length (- to from)) (chatterbox-mark-edits mark)))))
    (setf (chatterbox-mark-watch mark) watch)
    (add-hook 'after-change-functions watch nil t)
    (overlay-put (chatterbox-mark-overlay mark) 'face 'chatterbox-word)
    (overlay-put (chatterbox-mark-overlay mark) 'priority 1000)
    mark))

(defun chatterbox-mark-close (mark)
  "Take MARK off its buffer."
  (delete-overlay (chatterbox-mark-overlay mark))
  (when (buffer-live-p (chatterbox-mark-buffer mark))
    (with-current-buffer (chatterbox-mark-buffer mark)
      (remove-hook 'after-change-functions (chatterbox-mark-watch mark) t))))

(defun chatterbox-mark-word (mark start length)
  "Move MARK to the LENGTH characters from START of its text.
Return where they stand, or nil if they were edited: then nothing is marked."
  (when (buffer-live-p (chatterbox-mark-buffer mark))
    (with-current-buffer (chatterbox-mark-buffer mark)
      (save-restriction
        (widen)
        (let* ((begin (chatterbox-mark--place-now mark (+ (chatterbox-mark-start mark) start)))
               (end (+ begin length))
               (word (substring (chatterbox-mark-text mark) start (+ start length))))
          (if (and (<= end (point-max)) (string= word (buffer-substring-no-properties begin end)))
              (progn (move-overlay (chatterbox-mark-overlay mark) begin end) begin)
            (delete-overlay (chatterbox-mark-overlay mark))
            nil))))))

(defun chatterbox-mark--place-now (mark position)
  "Where what stood at POSITION when MARK was opened stands now."
  (pcase-dolist (`(,from ,old-length ,new-length) (reverse (chatterbox-mark-edits mark)))
    (when (>= position (+ from old-length))
      (cl-incf position (- new-length old-length))))
  position)

(provide 'chatterbox-mark)

;;; chatterbox-mark.el ends here
