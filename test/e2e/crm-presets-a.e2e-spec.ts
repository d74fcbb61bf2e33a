import { describePreset } from '../support/crm-vendors/preset-suite.js';
import { VENDORS_A } from '../support/crm-vendors/presets-a.js';

VENDORS_A.forEach(describePreset);
