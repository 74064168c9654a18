// SPDX-License-Identifier: Apache-2.0
// A dialog that asks for something and does it.
import {
  Button,
  Form,
  FormGroup,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextInput,
} from "@patternfly/react-core";
import type { FormEvent, ReactNode } from "react";
import { useText } from "../i18n";

const kReasonMax = 300; // characters, of the API

interface FormDialogProps {
  id: string;
  title: string;
  says?: string;
  /** Above the form. */
  before?: ReactNode;
  go: string;
  ready?: boolean;
  busy?: boolean;
  submit: () => void;
  close: () => void;
  children: ReactNode;
}

export function FormDialog(props: FormDialogProps) {
  const { id, title, says, before, go, ready = true, busy = false, submit, close, children } = props;
  const { t } = useText();
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) submit();
  };
  return (
    <Modal isOpen onClose={close} variant="small" aria-labelledby={`${id}-title`}>
      <ModalHeader title={title} labelId={`${id}-title`} description={says} />
      <ModalBody>
        {before}
        <Form id={id} onSubmit={onSubmit}>
          {children}
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form={id} isDisabled={!ready || busy} isLoading={busy}>
          {go}
        </Button>
        <Button variant="link" onClick={close}>
          {t("dialog.cancel")}
        </Button>
      </ModalFooter>
    </Modal>
  );
}

interface ReasonFieldProps {
  id: string;
  label: string;
  reason: string;
  change: (reason: string) => void;
  first?: boolean;
}

/** Words that go into the log; `first`: it has the focus. */
export function ReasonField({ id, label, reason, change, first = true }: ReasonFieldProps) {
  return (
    <FormGroup label={label} fieldId={id} isRequired>
      <TextInput
        id={id}
        value={reason}
        maxLength={kReasonMax}
        onChange={(_, value) => change(value)}
        isRequired
        autoFocus={first}
      />
    </FormGroup>
  );
}
