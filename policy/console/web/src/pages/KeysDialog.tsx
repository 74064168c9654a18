// SPDX-License-Identifier: Apache-2.0
import { Modal, ModalBody, ModalHeader, Switch } from "@patternfly/react-core";
import { type TextKey, useText } from "../i18n";
import { turnKeys, useKeysOn } from "../lib/keys";

const kRows: readonly [string[], TextKey][] = [
  [["j", "k"], "keys.move"],
  [["x"], "keys.choose"],
  [["*"], "keys.all"],
  [["Enter"], "keys.open"],
  [["Esc"], "keys.back"],
  [["a"], "keys.assign"],
  [["r"], "keys.review"],
  [["e"], "keys.decide"],
  [["u"], "keys.undo"],
  [["/"], "keys.filter"],
  [["?"], "keys.help"],
];

export function KeysDialog({ close }: { close: () => void }) {
  const { t } = useText();
  const on = useKeysOn();
  return (
    <Modal isOpen onClose={close} variant="small" aria-labelledby="keys-title">
      <ModalHeader title={t("keys.title")} labelId="keys-title" />
      <ModalBody>
        <dl className="keys">
          {kRows.map(([keys, text]) => (
            <div key={text}>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{t(text)}</dd>
            </div>
          ))}
        </dl>
        <Switch id="keys-on" label={t("keys.on")} isChecked={on} onChange={(_, value) => turnKeys(value)} />
      </ModalBody>
    </Modal>
  );
}
