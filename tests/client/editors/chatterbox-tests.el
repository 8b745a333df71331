;;; chatterbox-tests.el --- The Emacs mode against a real daemon -*- lexical-binding: t; -*-

;;; Commentary:

;; Run by test_emacs.py, one Emacs for each test, with `say' on the PATH.

;;; Code:

(require 'ert)
(require 'chatterbox)

(defconst chatterbox-tests-long (apply #'concat (make-list 30 "This is said again and again. ")))

(defun chatterbox-tests-wait (condition)
  "Wait until CONDITION, a function, holds; fail if it does not."
  (with-timeout (30 (ert-fail "not within 30 s"))
    (while (not (funcall condition))
      (accept-process-output nil 0.02))))

(defun chatterbox-tests-ask (&rest arguments)
  "The answer of `chatterbox' with ARGUMENTS, which make it print JSON."
  (with-temp-buffer
    (should (eq 0 (apply #'call-process "chatterbox" nil '(t nil) nil arguments)))
    (goto-char (point-min))
    (json-read)))

(defun chatterbox-tests-texts ()
  "How the texts begin that the daemon speaks or will speak."
  (mapcar (lambda (row) (alist-get 'text row)) (chatterbox-tests-ask "queue" "--json")))

(defun chatterbox-tests-num-cancelled ()
  "How many texts were stopped in the daemon."
  (alist-get 'cancelled (alist-get 'requests (chatterbox-tests-ask "status" "--json"))))

(defun chatterbox-tests-marked (speak)
  "The words that are marked after SPEAK, a function, until the speech is over."
  (let* ((words nil)
         (watch (lambda (mark &rest _)
                  (let ((overlay (chatterbox-mark-overlay mark)))
                    (when (overlay-buffer overlay)
                      (push (buffer-substring-no-properties
                             (overlay-start overlay) (overlay-end overlay))
                            words))))))
    (advice-add 'chatterbox-mark-word :after watch)
    (unwind-protect
        (progn (funcall speak)
               (chatterbox-tests-wait (lambda () (not (chatterbox-speaking-p)))))
      (advice-remove 'chatterbox-mark-word watch))
    (nreverse words)))

(defun chatterbox-tests-begin (text)
  "Speak TEXT in this buffer and wait until it is heard."
  (insert text)
  (chatterbox-speak-buffer)
  (chatterbox-tests-wait
   (lambda () (overlay-buffer (chatterbox-mark-overlay
                               (chatterbox--reading-mark chatterbox--current))))))

(ert-deftest chatterbox-marks-each-word-of-a-region-in-order ()
  (with-temp-buffer
    (insert "before Crème 😀 brûlée,\n  𝒳 marks it's \"$HOME\" 'q' `w` \\ after")
    (goto-char (point-min))
    (let* ((begin (search-forward "before "))
           (end (progn (search-forward "marks") (point)))
           (words (chatterbox-tests-marked (lambda () (chatterbox-speak-region begin end)))))
      (should (equal (seq-difference words '("😀" " ")) '("Crème" "brûlée" "𝒳" "marks")))
      (should-not (overlays-in (point-min) (point-max))))))

(ert-deftest chatterbox-speaks-quotes-and-brackets-as-they-stand ()
  (with-temp-buffer
    (insert "$(touch x) `touch x` ; \"one\" [[two]] -o three\n\n\n%s four")
    (let ((words (chatterbox-tests-marked #'chatterbox-speak-buffer)))
      (dolist (word '("$(touch" "`touch" "one" "two" "three" "four"))
        (should (member word words))))))

(ert-deftest chatterbox-speaks-the-line-sentence-or-paragraph-at-point ()
  (with-temp-buffer
    (setq chatterbox-rate 500)
    (insert "One here.  Two here\nand on.\n\nThree there.\n")
    (goto-char 12)
    (should (equal (chatterbox-tests-marked #'chatterbox-speak-line) '("One" "here" "Two" "here")))
    (should (equal (chatterbox-tests-marked #'chatterbox-speak-sentence) '("Two" "here" "and" "on")))
    (should (equal (chatterbox-tests-marked #'chatterbox-speak-from-point)
                   '("Two" "here" "and" "on" "Three" "there")))
    (goto-char (point-max))
    (should (equal (chatterbox-tests-marked #'chatterbox-speak-paragraph) '("Three" "there")))))

(ert-deftest chatterbox-speaks-what-is-narrowed-to-in-a-read-only-buffer ()
  (with-temp-buffer
    (insert "one two three four")
    (setq buffer-read-only t)
    (narrow-to-region 5 14)
    (should (equal (chatterbox-tests-marked #'chatterbox-speak-buffer) '("two" "three")))))

(ert-deftest chatterbox-marks-the-right-words-while-the-text-is-edited ()
  (with-temp-buffer
    (insert "zero one two three four")
    (let* ((edit (lambda (&rest _)
                   (advice-remove 'chatterbox-mark-word 'edit)
                   (save-excursion
                     (goto-char (point-min))
                     (insert "A new beginning. ")
                     (search-forward "one ")
                     (replace-match "")
                     (search-forward "three")
                     (replace-match "3"))))
           (words (progn
                    (advice-add 'chatterbox-mark-word :before edit '((name . edit)))
                    (chatterbox-tests-marked
                     (lambda () (chatterbox-speak-region 6 (point-max)))))))
      (should (equal words '("two" "four"))))))

(ert-deftest chatterbox-stop-cancels-in-the-daemon-what-emacs-speaks-and-nothing-else ()
  (with-temp-buffer
    (let ((before (chatterbox-tests-num-cancelled)))
      (chatterbox-tests-begin chatterbox-tests-long)
      (call-process "say" nil nil nil "--no-wait" "another program")
      (chatterbox-stop)
      (should-not (chatterbox-speaking-p))
      (should-not (overlays-in (point-min) (point-max)))
      (chatterbox-tests-wait (lambda () (< before (chatterbox-tests-num-cancelled))))
      (should (equal (chatterbox-tests-texts) '("another program")))
      (chatterbox-tests-wait (lambda () (null (chatterbox-tests-texts))))
      (should (= (1+ before) (chatterbox-tests-num-cancelled))))))

(ert-deftest chatterbox-speaking-again-stops-the-first ()
  (with-temp-buffer
    (chatterbox-tests-begin chatterbox-tests-long)
    (with-temp-buffer
      (insert "second")
      (should (equal (chatterbox-tests-marked #'chatterbox-speak-buffer) '("second"))))
    (should-not (overlays-in (point-min) (point-max)))
    (should (null (chatterbox-tests-texts)))))

(ert-deftest chatterbox-pause-holds-and-a-stop-or-the-next-text-goes-on ()
  (let ((is-paused (lambda () (eq t (alist-get 'paused (alist-get 'player (chatterbox-tests-ask
                                                                       "status" "--json")))))))
    (with-temp-buffer
      (chatterbox-tests-begin chatterbox-tests-long)
      (chatterbox-pause)
      (should (equal (chatterbox--lighter) " Say[held]"))
      (chatterbox-tests-wait is-paused)
      (chatterbox-resume)
      (should (equal (chatterbox--lighter) " Say[on]"))
      (chatterbox-tests-wait (lambda () (not (funcall is-paused))))
      (chatterbox-pause)
      (chatterbox-tests-wait is-paused)
      (erase-buffer)
      (insert "next")
      (should (equal (chatterbox-tests-marked #'chatterbox-speak-buffer) '("next")))
      (should (equal (chatterbox--lighter) " Say")))))

(ert-deftest chatterbox-goes-on-when-the-buffer-is-killed ()
  (let ((buffer (generate-new-buffer "doomed")))
    (with-current-buffer buffer
      (chatterbox-tests-begin "one two three four five six seven"))
    (kill-buffer buffer)
    (should (chatterbox-speaking-p))
    (chatterbox-tests-wait (lambda () (not (chatterbox-speaking-p))))))

(ert-deftest chatterbox-speaks-a-text-of-two-million-bytes-until-emacs-is-left ()
  (with-temp-buffer
    (chatterbox-tests-begin (apply #'concat (make-list 400000 "long ")))))

(ert-deftest chatterbox-follows-the-word-in-the-window-when-asked-to ()
  (with-temp-buffer
    (switch-to-buffer (current-buffer))
    (setq chatterbox-follow t)
    (insert "one" (make-string 500 ?\n) "two")
    (goto-char (point-min))
    (chatterbox-tests-marked #'chatterbox-speak-buffer)
    (should (looking-at "two"))))

(ert-deftest chatterbox-says-why-nothing-was-heard-and-what-was-ignored ()
  (with-temp-buffer
    (insert "hello")
    (let ((chatterbox-arguments '("--quality" "1")))
      (should (equal (chatterbox-tests-marked #'chatterbox-speak-buffer) '("hello"))))
    (with-current-buffer (messages-buffer)
      (should (string-search "say: --quality is ignored" (buffer-string))))
    (let ((chatterbox-voice "nobody"))
      (chatterbox-tests-marked #'chatterbox-speak-buffer))
    (with-current-buffer (messages-buffer)
      (should (string-search "say: there is no voice 'nobody'" (buffer-string))))
    (let ((chatterbox-program "no-such-say"))
      (should (string-search "pip install 'chatterboxd[daemon]'"
                             (cadr (should-error (chatterbox-speak-buffer) :type 'user-error)))))
    (let ((chatterbox-program "/bin/false"))
      (chatterbox-tests-marked #'chatterbox-speak-buffer))
    (with-current-buffer (messages-buffer)
      (should (string-search "say ended with 1" (buffer-string))))
    (erase-buffer)
    (should-error (chatterbox-speak-buffer) :type 'user-error)))

(ert-deftest chatterbox-replaces-what-utf-8-cannot-hold-one-by-one ()
  (should (equal (chatterbox--encodable "\uFEFFa\x3FFFE2\uFEFFé😀\n") " a \uFEFFé😀\n")))

(ert-deftest chatterbox-mode-has-keys-and-shows-what-goes-on ()
  (chatterbox-mode 1)
  (should (eq (key-binding (kbd "C-c \" b")) #'chatterbox-speak-buffer))
  (should (equal (alist-get 'chatterbox-mode minor-mode-alist) '((:eval (chatterbox--lighter))))))

;;; chatterbox-tests.el ends here
