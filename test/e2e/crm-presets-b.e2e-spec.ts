import { describePreset } from '../support/crm-vendors/preset-suite.js';
import { VENDORS_B } from '../support/crm-vendors/presets-b.js';

VENDORS_B.forEach(describePreset);
