"""Language models: tokens, transformers, training, inference and how a chat model picks its words."""

ENTRIES: list[dict] = [
    {
        "id": "language_model",
        "names": ["language model", "LM"],
        "plural": ["language models"],
        "article": "a",
        "answers": {
            "what": [
                (
                    "A language model is a program that predicts the next token of a text, again and "
                    "again, until an answer is complete."
                ),
            ],
            "how": [
                (
                    "A language model works by reading all earlier tokens, giving every possible next "
                    "token a score, and picking one; then it repeats."
                ),
            ],
            "why": [
                (
                    "A language model predicts tokens because predicting text well forces it to pick up "
                    "grammar and facts from its training text."
                ),
            ],
            "example": [
                (
                    'For example, after "the cat sat on the" a language model gives a high chance to '
                    '"mat" and a low chance to "seven".'
                ),
            ],
        },
        "asks": {
            "what": [
                "what kind of program guesses the next word",
                "what do you call a thing that keeps guessing the next token",
                "what sort of software writes text one piece at a time",
                "so what is this language model thing everybody talks about",
                "whats an lm",
                "what is a model that predicts text called",
                "what am i really talking to when i chat with a model",
                "in simple words what does a language model do",
                "is a language model a program",
                "what job does a language model have",
                "which program continues a sentence for me",
                "what do chat programs have inside",
                "is a language model just guessing the next word",
                "tell a child what a language model is",
                "I keep hearing language model but nobody explains it",
            ],
            "how": [
                "how does a language model write a sentence",
                "how can a computer write text",
                "how does a model know what to say next",
                "how do language models come up with an answer",
                "how are the words chosen",
                "how does the model produce its reply",
                "in which way does a language model make text",
                "step by step how does a model answer me",
                "how do you decide your next word",
                "how can a program talk like this",
                "what happens inside a model when it answers",
                "how does next token prediction work",
                "where does the reply of a model come from",
            ],
            "why": [
                "why does guessing the next word work at all",
                "why would anyone train a program to predict the next token",
                "why can next word prediction answer questions",
                "why are language models useful",
                "what is the point of predicting the next token",
                "why do language models only predict the next token",
                "why does predicting words lead to answers",
            ],
            "example": [
                "show me how a language model guesses a word",
                "an example of next token prediction",
                "give an example of what a language model predicts",
                "can you show a small example of a language model at work",
                "what would a language model say after the cat sat on the",
            ],
        },
        "siblings": ["token", "transformer", "neural_network"],
    },
    {
        "id": "llm",
        "names": ["large language model", "LLM"],
        "plural": ["large language models", "LLMs"],
        "article": "a",
        "answers": {
            "what": [
                (
                    "A large language model is a language model with billions of weights, trained on a "
                    "very large amount of text."
                ),
            ],
        },
        "asks": {
            "what": [
                "what does llm stand for",
                "what does LLM mean",
                "what are the letters l l m short for",
                "how big is a model before it is called large",
                "is there a name for a really big language model",
                "what is the large kind of language model",
                "llm meaning please",
                "expand LLM for me",
                "what is an llm exactly",
                "what makes a language model large",
                "what do they mean when they say llm",
            ],
        },
        "siblings": ["language_model", "weights", "gpu"],
    },
    {
        "id": "token",
        "names": ["token"],
        "plural": ["tokens"],
        "article": "a",
        "answers": {
            "what": [
                (
                    "A token is a small piece of text, such as a word or a part of a word, that the model"
                    " reads and writes as one unit."
                ),
            ],
            "how": [
                (
                    "A token is stored as a number; the tokenizer turns text into these numbers and turns"
                    " them back into text."
                ),
            ],
            "why": [
                (
                    "Tokens are used because whole words are too many and single letters are too slow, so"
                    " pieces in between work best."
                ),
            ],
            "example": ['For example, the word "running" may be cut into the two tokens "run" and "ning".'],
        },
        "asks": {
            "what": [
                "what are the pieces a model reads text in",
                "what is the smallest unit a model works with",
                "into what does a model cut my text",
                "what do you call a piece of text for a model",
                "is a token the same as a word",
                "is every word one token",
                "what does a model see instead of letters",
                "models do not read letters, what do they read",
                "what are these tokens people count",
                "when a model says it made 50 tokens, 50 what",
                "what is one unit of model text",
                "what does the number of tokens count",
                "they bill per token, what is that",
                "my text is chopped into bits, what are the bits called",
            ],
            "how": [
                "how is a token stored",
                "how does text become tokens",
                "how do tokens look inside the machine",
                "how are tokens represented",
                "how is a word turned into numbers for the model",
                "how does a model store a piece of text",
            ],
            "why": [
                "why do models use tokens instead of words",
                "why not just use letters",
                "why not read whole words",
                "why is text cut into tokens",
                "what are tokens good for",
                "why do we need tokens at all",
                "why are tokens better than letters",
            ],
            "example": [
                "give me an example of a token",
                "show me a token",
                "what might a token look like",
                "an example of a word made of tokens please",
                "which tokens could be in a long word",
            ],
        },
        "siblings": ["tokenizer", "bpe", "vocabulary"],
    },
    {
        "id": "tokenizer",
        "names": ["tokenizer", "tokeniser"],
        "plural": ["tokenizers"],
        "article": "a",
        "answers": {
            "what": ["A tokenizer is the part that cuts text into tokens and turns tokens back into text."],
            "why": ["A tokenizer is needed because a model works with numbers and cannot read text directly."],
            "how": [
                (
                    "A tokenizer looks up the longest known pieces in its vocabulary and replaces each "
                    "piece by its number."
                ),
            ],
        },
        "asks": {
            "what": [
                "which part cuts text into pieces",
                "what splits my sentence before the model sees it",
                "what turns text into numbers for a model",
                "what is the thing that chops up text called",
                "who makes the tokens",
                "what comes before the model and after the keyboard",
                "what part turns token numbers back into words",
                "my sentence must become numbers, who does that",
                "what tool breaks words into tokens",
                "which part of a chat program does the cutting of words",
                "what stands between my text and the model",
            ],
            "why": [
                "why does a model need a tokenizer",
                "why can a model not read text directly",
                "what is a tokenizer good for",
                "why is a tokenizer used",
                "could a model work without a tokenizer",
                "why tokenize text",
            ],
            "how": [
                "how does a tokenizer work",
                "how is text split into tokens",
                "how does the tokenizer know where to cut",
                "how do i tokenize text",
                "how are the pieces found by the tokenizer",
                "in what way does a tokenizer cut words",
            ],
        },
        "siblings": ["token", "bpe", "vocabulary"],
    },
    {
        "id": "bpe",
        "names": ["BPE", "byte pair encoding"],
        "article": "",
        "answers": {
            "what": [
                (
                    "BPE, byte pair encoding, is a way to build tokens by merging the most frequent pair "
                    "of pieces again and again."
                ),
            ],
            "how": [
                (
                    "BPE starts with single bytes, finds the pair that occurs most often, merges it into "
                    "a new token, and repeats."
                ),
            ],
            "why": [
                (
                    "BPE is used because common words become one token while rare words can still be "
                    "written in small pieces."
                ),
            ],
            "example": [
                'For example, if "t" and "h" often stand together, BPE merges them into the new token "th".',
            ],
        },
        "asks": {
            "what": [
                "what does bpe stand for",
                "what are the letters b p e for",
                "which method merges frequent pairs",
                "how is a vocabulary of tokens often made",
                "what is byte pair encoding",
                "which tokenizer method joins common pairs of letters",
                "what method makes tokens from frequent pairs",
                "bpe meaning",
                "what is the trick of merging pairs called",
                "expand bpe please",
            ],
            "how": [
                "how does bpe work",
                "how does byte pair encoding build tokens",
                "how are pairs merged",
                "what are the steps of bpe",
                "how do you train a bpe tokenizer",
                "in what way does bpe choose its tokens",
            ],
            "why": [
                "why is bpe used",
                "why merge frequent pairs",
                "what is bpe good for",
                "why do tokenizers merge pairs",
                "what is the advantage of bpe",
                "why not use words instead of bpe",
            ],
            "example": [
                "give me an example of bpe",
                "show me a merge in bpe",
                "which pair would bpe merge",
                "an example of a merged pair please",
                "demonstrate byte pair encoding",
            ],
        },
        "siblings": ["tokenizer", "token", "vocabulary"],
    },
    {
        "id": "vocabulary",
        "names": ["vocabulary"],
        "plural": ["vocabularies"],
        "article": "a",
        "answers": {
            "what": ["A vocabulary is the fixed list of all tokens a model knows."],
        },
        "asks": {
            "what": [
                "what is the list of all tokens called",
                "how many different tokens can a model know",
                "where are all the known tokens listed",
                "what do you call the set of tokens a model has",
                "what is vocab",
                "what does vocabulary size mean",
                "which tokens can a model write",
                "is there a list of the pieces a model may use",
                "what is the dictionary of a model",
            ],
        },
        "siblings": ["token", "tokenizer", "bpe"],
    },
    {
        "id": "transformer",
        "names": ["transformer"],
        "plural": ["transformers"],
        "article": "a",
        "answers": {
            "what": [
                (
                    "A transformer is a neural network built from layers of attention and feed-forward "
                    "parts; most language models are transformers."
                ),
            ],
            "how": [
                (
                    "A transformer passes every token through its layers; in each layer attention mixes "
                    "in earlier tokens and a feed-forward part transforms the result."
                ),
            ],
            "why": [
                (
                    "Transformers are popular because attention lets every token see all earlier ones and"
                    " the work can be done in parallel."
                ),
            ],
        },
        "asks": {
            "what": [
                "which network design do most language models use",
                "what is the T in GPT",
                "what architecture do chat models have",
                "what kind of neural network uses attention",
                "what are modern language models built as",
                "not the robots, what is a transformer in machine learning",
                "what design is behind today's chat models",
                "what sort of network is inside a language model",
                "what is the usual structure of a language model",
                "is a transformer a neural network",
                "what is the model made of layers of attention called",
                "on which design is a language model based",
            ],
            "how": [
                "how does a transformer work",
                "how does data flow through a transformer",
                "what happens in one pass of a transformer",
                "how does a transformer process a sentence",
                "what steps does a transformer do",
                "how do the parts of a transformer work together",
            ],
            "why": [
                "why are transformers so popular",
                "why did transformers win",
                "what makes a transformer good",
                "why do people use transformers",
                "what is the advantage of a transformer",
                "why not use another network instead of a transformer",
            ],
        },
        "siblings": ["attention", "layer", "neural_network"],
    },
    {
        "id": "attention",
        "names": ["attention"],
        "article": "",
        "answers": {
            "what": [
                (
                    "Attention is the step where each token looks back at the earlier tokens and takes in"
                    " what is useful from them."
                ),
            ],
            "how": [
                (
                    "Attention compares the query of a token with the keys of the earlier tokens and adds"
                    " up their values, weighted by how well they match."
                ),
            ],
            "why": ["Attention is needed because the meaning of a word depends on the words before it."],
        },
        "asks": {
            "what": [
                "which step looks back at earlier tokens",
                "how does a model connect words that are far apart",
                "what part of a model lets words see other words",
                "what is the looking back in a transformer called",
                "what lets a token use the words before it",
                "what does attention do in a model",
                "what is self attention",
                "which part of the transformer compares tokens with each other",
                "what mixes information between tokens",
                'how does a model know what "it" refers to',
                "what does it mean that a model attends to a word",
                "what is this attention people say is all you need",
            ],
            "how": [
                "how does attention work",
                "how does attention pick the useful tokens",
                "how do queries keys and values work",
                "how is attention computed",
                "what are queries, keys and values",
                "how does a token look back at others",
                "what does attention compute",
            ],
            "why": [
                "why does a model need attention",
                "why look back at earlier tokens",
                "what is attention good for",
                "why is attention important",
                "why does a transformer use attention",
                "what would go wrong without attention",
            ],
        },
        "siblings": ["transformer", "kv_cache", "layer"],
    },
    {
        "id": "attention_head",
        "names": ["attention head", "head"],
        "plural": ["attention heads", "heads"],
        "article": "an",
        "answers": {
            "what": [
                (
                    "An attention head is one of several attention parts that work side by side in a "
                    "layer, each looking for different things."
                ),
            ],
        },
        "asks": {
            "what": [
                "what are the heads in a transformer",
                "what is multi head attention",
                "why does a layer have several attentions",
                "how many heads does a model have and what are they",
                "what works side by side inside attention",
                "what does a head do in attention",
                "is attention split into parts",
            ],
        },
        "siblings": ["attention", "layer", "transformer"],
    },
    {
        "id": "kv_cache",
        "names": ["KV cache", "key value cache"],
        "plural": ["KV caches"],
        "article": "a",
        "answers": {
            "what": [
                (
                    "A KV cache keeps the keys and values of earlier tokens so that they need not be "
                    "computed again for every new token."
                ),
            ],
            "why": [
                (
                    "A KV cache saves time, because without it the model would compute the keys and "
                    "values of all earlier tokens again at every step."
                ),
            ],
            "how": [
                (
                    "A KV cache works by adding the key and value of each new token to a table that "
                    "attention reads in every step."
                ),
            ],
            "more": ["A KV cache costs memory: it grows with every token, every layer and every conversation."],
        },
        "asks": {
            "what": [
                "what stores the keys and values",
                "what does the kv in kv cache mean",
                "what is kept in memory while a model writes",
                "what saves a model from reading the whole text again for each token",
                "which cache grows with the conversation",
                "what memory does a model use to remember the tokens so far",
                "where are old keys and values kept",
                "what is the cache of a transformer",
                "what does a model keep from earlier tokens",
                "kv cache meaning",
                "what grows with each token while a model is answering",
                "what is the memory of a chat session inside the model",
            ],
            "why": [
                "why do models keep keys and values",
                "why is a kv cache faster",
                "what is a kv cache good for",
                "why not compute the keys again",
                "why does generation need a kv cache",
                "what would happen without a kv cache",
                "why does a kv cache help",
            ],
            "how": [
                "how does a kv cache work",
                "how is the kv cache filled",
                "how does a kv cache grow",
                "what happens to the kv cache with each new token",
                "how does attention use the kv cache",
                "how do you cache keys and values",
            ],
            "more": [
                "does a kv cache need much memory",
                "what does a kv cache cost",
                "how large is a kv cache",
                "what is the price of a kv cache",
                "is there a disadvantage of a kv cache",
                "why does my memory fill while chatting with a model",
            ],
        },
        "siblings": ["attention", "prefill", "context_length"],
    },
    {
        "id": "temperature",
        "names": ["temperature"],
        "plural": ["temperatures"],
        "article": "",
        "answers": {
            "what": [
                (
                    "Temperature sets how random the choice of the next token is; at 0 the model always "
                    "takes the likeliest token."
                ),
            ],
            "how": [
                (
                    "Temperature works by dividing the logits by its value before softmax; a small value "
                    "makes the likeliest token even likelier."
                ),
            ],
            "why": [
                "Temperature exists because sometimes you want safe, repeatable answers and sometimes varied ones.",
            ],
        },
        "asks": {
            "what": [
                "which setting makes the model more creative",
                "what makes the answers more random",
                "which knob controls randomness",
                "what does a model's temperature do",
                "what happens when i raise the temperature",
                "what does temperature 0 mean",
                "what is the effect of temperature zero",
                "is a model hot when the temperature is high",
                "how do i make a model less random",
                "the answers are always the same, which value should i raise",
                "my model talks nonsense, which value should i lower",
                "what is the temperature of a language model",
                "which number makes replies wilder",
                "what does a low temperature do",
                "what happens at temperature 0",
            ],
            "how": [
                "how does temperature work",
                "how does temperature change the probabilities",
                "what is done with the logits and the temperature",
                "how is temperature applied",
                "how does a high temperature flatten the choice",
                "what is the maths of temperature",
            ],
            "why": [
                "why would i change the temperature",
                "what is temperature good for",
                "why do models have a temperature",
                "why not always use temperature 0",
                "when is a high temperature useful",
                "why set the temperature low",
            ],
        },
        "siblings": ["top_p", "seed", "sampling"],
    },
    {
        "id": "top_p",
        "names": ["top-p", "nucleus sampling"],
        "article": "",
        "answers": {
            "what": [
                (
                    "Top-p keeps only the likeliest tokens whose chances add up to p, and the next token "
                    "is drawn from these."
                ),
            ],
            "why": ["Top-p is used to leave out very unlikely tokens, which often lead to nonsense."],
        },
        "asks": {
            "what": [
                "which setting keeps the likeliest tokens up to a total chance",
                "what does top p do",
                "what is nucleus sampling",
                "what is top_p 0.9",
                "what does a top p of 0.9 mean",
                "which setting throws away unlikely tokens",
                "what is the p in top p",
                "how can i cut off the unlikely tokens",
                "what does lowering top p do",
                "topp meaning",
            ],
            "why": [
                "why use top p",
                "what is top p good for",
                "why cut off unlikely tokens",
                "why not keep all tokens when sampling",
                "why would i lower top p",
            ],
        },
        "siblings": ["temperature", "top_k", "sampling"],
    },
    {
        "id": "top_k",
        "names": ["top-k"],
        "article": "",
        "answers": {
            "what": ["Top-k keeps only the k likeliest tokens, and the next token is drawn from these."],
        },
        "asks": {
            "what": [
                "what does top k do",
                "which setting keeps a fixed number of likely tokens",
                "what is top_k 40",
                "what does a top k of 1 mean",
                "what is the k in top k",
                "which setting allows only the best 40 tokens",
                "topk meaning",
            ],
        },
        "siblings": ["top_p", "temperature", "sampling"],
    },
    {
        "id": "seed",
        "names": ["seed", "random seed"],
        "plural": ["seeds"],
        "article": "a",
        "answers": {
            "what": [
                (
                    "A seed is the start number of a random generator; the same seed gives the same "
                    "random choices again."
                ),
            ],
            "why": ["A seed is useful because a test or a bug can be repeated exactly."],
        },
        "asks": {
            "what": [
                "how can i get the same random answer twice",
                "which number makes randomness repeatable",
                "what makes a random run repeatable",
                "i want the same output each time, what do i fix",
                "what does setting the seed do",
                "what is a seed in random numbers",
                "what is the starting number of a random generator called",
                "does the same seed give the same answer",
                "how do i repeat a random answer exactly",
                "what is a seed, not the plant one",
                "what happens when two runs have the same seed",
                "which setting do i fix for repeatable tests",
            ],
            "why": [
                "why set a seed",
                "why do people fix the seed",
                "what is a seed good for",
                "why make randomness repeatable",
                "why would i want the same random numbers",
                "why is a fixed seed handy",
            ],
        },
        "siblings": ["temperature", "sampling", "top_p"],
    },
    {
        "id": "logits",
        "names": ["logit", "raw score of a token"],
        "plural": ["logits"],
        "article": "a",
        "answers": {
            "what": [
                (
                    "Logits are the raw scores a model gives to every possible next token, before they "
                    "become probabilities."
                ),
            ],
            "how": ["Logits become probabilities by passing them through softmax."],
        },
        "asks": {
            "what": [
                "what are the raw scores of a model called",
                "what comes out of the last layer",
                "what does a model output before softmax",
                "what numbers does a model give for each token",
                "how are the scores of the next tokens called",
                "what is the output of a language model in numbers",
                "are logits probabilities",
                "what do you feed into softmax",
                "what is the score of a token before it is a chance",
                "does a model give one score per token",
            ],
            "how": [
                "how do logits become probabilities",
                "what do you do with logits",
                "how are logits used",
                "how do i turn scores into chances",
                "what happens to the logits next",
                "how do you get from logits to a token",
            ],
        },
        "siblings": ["softmax", "sampling", "temperature"],
    },
    {
        "id": "softmax",
        "names": ["softmax"],
        "article": "",
        "answers": {
            "what": ["Softmax turns a list of scores into probabilities that are positive and add up to 1."],
            "how": ["Softmax raises e to the power of each score and divides each result by the sum of all results."],
        },
        "asks": {
            "what": [
                "what turns scores into probabilities",
                "which function makes the chances add up to one",
                "which function comes after the logits",
                "how do i turn raw scores into chances",
                "what function normalises the scores",
                "what does soft max do",
                "what makes numbers positive and sum to 1",
                "which function is used in attention to get weights",
                "what is the step between logits and probabilities",
                "softmax meaning",
            ],
            "how": [
                "how does softmax work",
                "how is softmax computed",
                "what is the formula of softmax",
                "how do i calculate a softmax",
                "what does softmax do with the scores",
            ],
        },
        "siblings": ["logits", "sampling", "temperature"],
    },
    {
        "id": "sampling",
        "names": ["sampling"],
        "article": "",
        "answers": {
            "what": [
                "Sampling means drawing the next token at random according to the probabilities the model gives.",
            ],
            "why": ["Sampling makes answers more varied than always taking the likeliest token."],
        },
        "asks": {
            "what": [
                "how is the next token drawn",
                "what is it called when the next token is picked at random",
                "what does a model do with the probabilities",
                "how does a model choose between likely words",
                "what is drawing a token called",
                "why do i get a different answer each time",
                "is the next token picked at random",
                "what is the random choice of a token called",
                "why does the model say different things for the same question",
                "what does it mean to sample from a model",
            ],
            "why": [
                "why sample instead of taking the best token",
                "what is sampling good for",
                "why pick a token at random",
                "why not always choose the likeliest token",
                "why would a model gamble on its words",
            ],
        },
        "siblings": ["temperature", "top_p", "greedy"],
    },
    {
        "id": "greedy",
        "names": ["greedy decoding"],
        "article": "",
        "answers": {
            "what": [
                "Greedy decoding always takes the likeliest next token, so the same prompt gives the same answer.",
            ],
        },
        "asks": {
            "what": [
                "what is it called when the best token is always chosen",
                "what is decoding at temperature 0",
                "how does a model choose without any randomness",
                "what is the opposite of sampling",
                "what does greedy mean for a model",
                "how can a model be fully predictable",
                "which way of choosing has no luck in it",
                "what is always taking the top token called",
            ],
        },
        "siblings": ["sampling", "temperature", "logits"],
    },
    {
        "id": "embedding",
        "names": ["embedding"],
        "plural": ["embeddings"],
        "article": "an",
        "answers": {
            "what": [
                (
                    "An embedding is a list of numbers that stands for a token; tokens with similar "
                    "meaning get similar numbers."
                ),
            ],
            "why": ["An embedding is needed because a model calculates with lists of numbers, not with words."],
        },
        "asks": {
            "what": [
                "how is the meaning of a word stored as numbers",
                "what is the vector of a word called",
                "what list of numbers stands for a token",
                "what does a token become when it enters the model",
                "how can numbers hold meaning",
                "what is a word vector",
                "what is the first thing a model does with a token number",
                "which numbers are close for similar words",
                "what turns a token number into a vector",
                "how does a model know that cat and dog are similar",
            ],
            "why": [
                "why do models use embeddings",
                "what are embeddings good for",
                "why turn tokens into vectors",
                "why does a word become a list of numbers",
                "why is an embedding useful",
            ],
        },
        "siblings": ["token", "layer", "weights"],
    },
    {
        "id": "weights",
        "names": ["weight", "parameter"],
        "plural": ["weights", "parameters"],
        "article": "a",
        "answers": {
            "what": [
                (
                    "Weights, also called parameters, are the numbers inside a model that training "
                    "adjusts; they hold what the model has learned."
                ),
            ],
            "how": [
                (
                    "Weights are found by training: they start as random numbers and are changed a little"
                    " after every batch."
                ),
            ],
            "why": ["Weights matter because they decide every prediction of the model."],
        },
        "asks": {
            "what": [
                "where is the knowledge of a model stored",
                "what are the numbers inside a model",
                "what does training change",
                "what is inside a model file",
                "what is a parameter of a model",
                "what does a billion parameters mean",
                "a model with 3 million what",
                "what do people mean by the size of a model",
                "in what does a model remember what it learned",
                "what are the learned numbers called",
                "is a weight the same as a parameter",
                "when a model is 7b, 7 billion of what",
            ],
            "how": [
                "how are weights found",
                "how does a model get its weights",
                "where do the weights come from",
                "how do parameters get their values",
                "how are the numbers in a model set",
                "who chooses the weights",
            ],
            "why": [
                "why do weights matter",
                "why does a model need weights",
                "what are weights good for",
                "why are parameters important",
                "why count the parameters",
            ],
        },
        "siblings": ["layer", "training", "quantization"],
    },
    {
        "id": "layer",
        "names": ["layer"],
        "plural": ["layers"],
        "article": "a",
        "answers": {
            "what": [
                (
                    "A layer is one stage of a neural network; it takes numbers from the stage before, "
                    "changes them, and passes them on."
                ),
            ],
            "why": [
                (
                    "Layers are stacked because each one builds on the result of the one before, so "
                    "deeper models find more complex patterns."
                ),
            ],
        },
        "asks": {
            "what": [
                "what is one stage of a network called",
                "what are networks stacked from",
                "what are the floors of a neural network",
                "what is a deep network deep in",
                "what is between the input and the output of a network",
                "of what does a transformer have several on top of each other",
                "what does it mean that a model has 12 layers",
                "what is a block of a transformer",
                "which part is repeated again and again in a model",
            ],
            "why": [
                "why does a network have many layers",
                "why stack layers",
                "what are layers good for",
                "why is one layer not enough",
                "why are deep networks better",
            ],
        },
        "siblings": ["transformer", "attention", "neural_network"],
    },
    {
        "id": "mlp",
        "names": ["feed-forward part", "MLP"],
        "plural": ["MLPs"],
        "article": "a",
        "answers": {
            "what": [
                (
                    "The feed-forward part of a layer transforms each token by itself with two or three "
                    "matrix multiplications."
                ),
            ],
        },
        "asks": {
            "what": [
                "what does mlp mean",
                "what comes after attention in a layer",
                "what is the other half of a transformer layer",
                "what part of a layer works on each token alone",
                "what is a feed forward network",
                "where are most weights of a transformer",
                "what does the mlp do",
            ],
        },
        "siblings": ["layer", "attention", "transformer"],
    },
    {
        "id": "training",
        "names": ["training"],
        "article": "",
        "answers": {
            "what": [
                (
                    "Training is the phase in which a model learns: it sees examples, and its weights are"
                    " changed to make its errors smaller."
                ),
            ],
            "how": [
                (
                    "Training shows the model a batch of text, measures the loss, and moves each weight a"
                    " little in the direction that lowers it."
                ),
            ],
            "why": ["Training is needed because fresh weights are random and a random model only writes nonsense."],
            "more": [
                "Training takes much more time than using the model, because it goes through the text many times.",
            ],
        },
        "asks": {
            "what": [
                "how does a model learn",
                "what is it called when a model learns from examples",
                "in which phase are the weights changed",
                "what happens before a model can be used",
                "what does it mean to train a model",
                "how does a model get smart",
                "how do they teach a model",
                "where does a model learn its facts",
                "what is the learning phase of a model",
                "when are weights adjusted",
                "how does a neural network become good at something",
                "is training the same as learning",
            ],
            "how": [
                "how does training work",
                "how do i train a model",
                "what are the steps of training",
                "what happens in one training step",
                "how does a model improve",
                "how are weights changed in training",
                "how is a language model trained",
            ],
            "why": [
                "why does a model have to be trained",
                "why is training needed",
                "what would an untrained model say",
                "what is training good for",
                "why can a model not work without training",
                "why train at all",
            ],
            "more": [
                "how long does training take",
                "is training slow",
                "why is training expensive",
                "does training take longer than answering",
                "is it hard to train a model",
            ],
        },
        "siblings": ["inference", "gradient_descent", "loss"],
    },
    {
        "id": "inference",
        "names": ["inference"],
        "article": "",
        "answers": {
            "what": ["Inference is using a trained model to get answers; the weights stay fixed."],
            "how": [
                (
                    "Inference works in two phases: prefill reads the prompt, and decode writes the "
                    "answer token by token."
                ),
            ],
        },
        "asks": {
            "what": [
                "what is it called when a model is used",
                "what is running a trained model called",
                "what is the opposite of training",
                "what is a model doing while it answers me",
                "do weights change while i chat",
                "what do you call the use of a finished model",
                "in which phase does a model only answer",
                "what is the word for running a model",
                "what is happening when the model replies",
                "is answering a question training or something else",
            ],
            "how": [
                "how does inference work",
                "what are the phases of inference",
                "how is an answer computed",
                "what steps are in inference",
                "how does a model run",
            ],
        },
        "siblings": ["training", "prefill", "decode"],
    },
    {
        "id": "prompt",
        "names": ["prompt"],
        "plural": ["prompts"],
        "article": "a",
        "answers": {
            "what": ["A prompt is the text you give to a model, to which it writes the continuation or answer."],
            "how": ["A good prompt is short and clear, and says exactly what you want."],
        },
        "asks": {
            "what": [
                "what is the text i type to a model called",
                "what do you call my question to the model",
                "what goes into a model",
                "what is the input of a language model",
                "what am i writing right now to you",
                "what is prompting",
                "what does a model continue",
                "name for the text given to a model",
                "the thing i type before the model answers, what is it",
            ],
            "how": [
                "how do i write a good prompt",
                "how should i ask a model",
                "how can i get better answers",
                "tips for prompts",
                "how do i talk to a model so that it understands me",
                "what makes a good prompt",
            ],
        },
        "siblings": ["context_length", "token", "prefill"],
    },
    {
        "id": "context_length",
        "names": ["context length", "context window"],
        "plural": ["context windows"],
        "article": "the",
        "answers": {
            "what": [
                (
                    "The context length is the largest number of tokens a model can look at in one go, "
                    "prompt and answer together."
                ),
            ],
            "why": [
                (
                    "The context length is limited because attention and the KV cache need more time and "
                    "memory for every extra token."
                ),
            ],
        },
        "asks": {
            "what": [
                "how much text can a model see at once",
                "how many tokens fit into a model",
                "is there a limit on the length of a chat",
                "why does a model forget the start of a long chat",
                "what is the longest text a model can handle called",
                "what is a context window",
                "what happens when my chat gets too long",
                "what limits how far back a model can look",
                "how long may a conversation be",
                "how much of our chat can a model look at",
                "what does a context of 512 tokens mean",
            ],
            "why": [
                "why is the context limited",
                "why can a model not read endless text",
                "what makes long contexts expensive",
                "why is a long context slow",
                "why does the context have an end",
            ],
        },
        "siblings": ["prompt", "kv_cache", "token"],
    },
    {
        "id": "quantization",
        "names": ["quantization", "quantisation", "int8"],
        "article": "",
        "answers": {
            "what": [
                (
                    "Quantization stores each weight with fewer bits, for example 8 instead of 32, so the"
                    " model gets smaller and faster."
                ),
            ],
            "how": [
                (
                    "Quantization divides the weights by a scale, rounds them to small whole numbers, and"
                    " keeps the scale to get back close to the old values."
                ),
            ],
            "why": [
                (
                    "Quantization is used because fewer bits mean less memory to read, and reading the "
                    "weights is the slow part."
                ),
            ],
            "more": ["Quantization loses a little precision, but the answers usually stay almost the same."],
        },
        "asks": {
            "what": [
                "how can a model be made smaller",
                "what does int8 mean for a model",
                "what is storing weights with fewer bits called",
                "how do i fit a large model into little memory",
                "which trick uses 8 bit numbers for weights",
                "what does it mean that a model is quantised",
                "how can weights take less space",
                "what is an int8 model",
                "what makes a model file four times smaller",
                "how do you shrink a model without training it again",
                "what is rounding the weights called",
                "which trick trades a bit of precision for speed",
            ],
            "how": [
                "how does quantization work",
                "how do i quantise a model",
                "how are weights turned into int8",
                "how do you round weights",
                "what is the scale in quantization",
                "how can 8 bits hold a weight",
            ],
            "why": [
                "why quantise a model",
                "what is quantization good for",
                "why use int8",
                "why are fewer bits faster",
                "why not keep all 32 bits",
                "what is the benefit of quantised weights",
            ],
            "more": [
                "does quantization hurt the answers",
                "what is lost with int8",
                "is a quantised model worse",
                "what is the disadvantage of quantization",
                "does rounding weights make a model dumber",
            ],
        },
        "siblings": ["weights", "cpu_inference", "memory_bound"],
    },
    {
        "id": "prefill",
        "names": ["prefill"],
        "article": "",
        "answers": {
            "what": ["Prefill is the phase where the model reads the whole prompt at once and fills the KV cache."],
            "why": ["Prefill is fast per token because many prompt tokens are computed together."],
        },
        "asks": {
            "what": [
                "what does a model do first with my prompt",
                "which phase reads the prompt",
                "what is the first phase of inference",
                "what happens before the first token appears",
                "when is the prompt processed",
                "what is reading the prompt called",
                "which phase fills the kv cache",
                "what is a model doing while i wait for the first word",
                "which phase comes before decode",
            ],
            "why": [
                "why is prefill faster per token than decode",
                "why is reading quicker than writing for a model",
                "why can the prompt be processed in one go",
                "why is prefill efficient",
                "why does the prompt go through so quickly",
            ],
        },
        "siblings": ["decode", "prompt", "ttft"],
    },
    {
        "id": "decode",
        "names": ["decode phase", "decoding"],
        "article": "the",
        "answers": {
            "what": ["Decode is the phase where the model writes the answer, one token at a time."],
            "why": ["Decode is slow because every new token needs all the weights to be read from memory once."],
        },
        "asks": {
            "what": [
                "which phase writes the answer",
                "what is the second phase of inference",
                "what happens after prefill",
                "in which phase do tokens come one by one",
                "what is the writing phase called",
                "when is each new token produced",
                "what is a model doing while words appear",
                "what comes after the prompt is read",
            ],
            "why": [
                "why is decode slow",
                "why do words appear one at a time",
                "why can a model not write all tokens at once",
                "why does writing take longer than reading",
                "why is generation limited by memory",
                "why do tokens drip out one after the other",
            ],
        },
        "siblings": ["prefill", "greedy", "tokens_per_second"],
    },
    {
        "id": "hallucination",
        "names": ["hallucination"],
        "plural": ["hallucinations"],
        "article": "a",
        "answers": {
            "what": ["A hallucination is an answer that a model invents: it sounds right but is false."],
            "why": [
                (
                    "A hallucination happens because a model picks likely words and has no way to check "
                    "whether they are true."
                ),
            ],
            "how": [
                (
                    "To avoid hallucinations, check the answer in another source and ask about things the"
                    " model was trained on."
                ),
            ],
            "example": ["For example, a model may name a book that was never written."],
        },
        "asks": {
            "what": [
                "what is it called when a model makes things up",
                "the model told me something false, what is that called",
                "does ai lie",
                "what do you call an invented answer",
                "my chatbot made up a book that does not exist",
                "can a model invent facts",
                "what is a confident wrong answer called",
                "why did the model tell me nonsense so surely",
                "what is it when an ai sounds right but is wrong",
                "can i believe everything a model says",
                "do models make stuff up",
                "what word is used when ai dreams up facts",
                "what is a made up fact from a model",
            ],
            "why": [
                "why do models make things up",
                "why does ai invent facts",
                "why are models sometimes wrong but sure",
                "what causes hallucinations",
                "how come a model lies",
                "why does a chatbot say false things",
                "why can a model not say what is true",
            ],
            "how": [
                "how can i avoid made up answers",
                "how do i spot a hallucination",
                "what can i do against invented answers",
                "how do i check a model's answer",
                "how can hallucinations be reduced",
                "how do i know that an answer is true",
            ],
            "example": [
                "give me an example of a made up answer",
                "an example of a hallucination please",
                "what might a model invent",
                "show me a case where a model lies",
                "which kind of thing does a model make up",
            ],
        },
        "siblings": ["training", "language_model", "temperature"],
    },
    {
        "id": "neural_network",
        "names": ["neural network", "neural net"],
        "plural": ["neural networks"],
        "article": "a",
        "answers": {
            "what": [
                (
                    "A neural network is a program made of layers of simple units whose weights are "
                    "learned from examples."
                ),
            ],
            "how": [
                (
                    "A neural network multiplies its inputs by weights, adds them up, applies a simple "
                    "function, and passes the results to the next layer."
                ),
            ],
            "why": [
                "Neural networks are used because they can learn tasks that are hard to describe with fixed rules.",
            ],
        },
        "asks": {
            "what": [
                "what is a program loosely inspired by the brain",
                "what is built of layers of simple units",
                "which kind of program learns with weights",
                "what is a neural net",
                "is there a brain in a computer",
                "what do machine learning people build",
                "what kind of maths is behind ai",
                "what is an artificial brain called",
                "what are the networks in ai made of",
                "what are artificial neurons used in",
                "is a neural network like a real brain",
            ],
            "how": [
                "how does a neural network work",
                "how do artificial neurons calculate",
                "what does one unit in a network do",
                "how does a network get from input to output",
                "what happens inside a neural network",
                "how do neural nets compute",
            ],
            "why": [
                "why do people use neural networks",
                "what are neural networks good for",
                "why not write rules instead of a network",
                "why are neural nets so popular",
                "what can a neural network do better than rules",
            ],
        },
        "siblings": ["layer", "weights", "machine_learning"],
    },
    {
        "id": "machine_learning",
        "names": ["machine learning"],
        "article": "",
        "answers": {
            "what": [
                (
                    "Machine learning means that a program finds its rules from examples instead of being"
                    " given them by a programmer."
                ),
            ],
            "example": ["For example, a program that has seen many letters marked as spam can learn to spot spam."],
        },
        "asks": {
            "what": [
                "what is it called when a computer learns from examples",
                "how can a computer learn",
                "what is ml",
                "what is learning from data",
                "can machines learn",
                "what field teaches computers by example",
                "what does the ML in ML engineer mean",
                "what is the difference to normal programming when a program learns",
                "computers that learn by themselves, what is that called",
                "what do you call finding rules from data",
            ],
            "example": [
                "give an example of machine learning",
                "where is machine learning used",
                "an everyday use of machine learning",
                "show me a case of a computer that learned",
                "what can a learning program do",
            ],
        },
        "siblings": ["training", "neural_network", "ai"],
    },
    {
        "id": "ai",
        "names": ["artificial intelligence", "AI"],
        "article": "",
        "answers": {
            "what": [
                (
                    "Artificial intelligence is the field of making computers do tasks that seem to need "
                    "thinking, such as talking or playing chess."
                ),
            ],
        },
        "asks": {
            "what": [
                "what does ai stand for",
                "what is ai",
                "what are computers that seem to think called",
                "is there such a thing as a thinking machine",
                "what is the field of clever programs called",
                "ai meaning",
                "whats this ai thing about",
                "what do people mean when they say ai",
                "expand the letters ai",
                "what is a smart machine",
            ],
        },
        "siblings": ["machine_learning", "language_model", "neural_network"],
    },
    {
        "id": "deep_learning",
        "names": ["deep learning"],
        "article": "",
        "answers": {
            "what": ["Deep learning is machine learning with neural networks that have many layers."],
        },
        "asks": {
            "what": [
                "what is learning with many layers called",
                "what is deep about deep learning",
                "is deep learning a kind of machine learning",
                "which learning uses deep networks",
                "what do you call machine learning with large networks",
                "what makes learning deep",
            ],
        },
        "siblings": ["neural_network", "machine_learning", "layer"],
    },
    {
        "id": "gpu",
        "names": ["GPU", "graphics card"],
        "plural": ["GPUs", "graphics cards"],
        "article": "a",
        "answers": {
            "what": [
                (
                    "A GPU is a processor with thousands of small units that do the same calculation on "
                    "many numbers at once."
                ),
            ],
            "why": [
                (
                    "A GPU is fast for models because a model is mostly matrix multiplication, which can "
                    "be split over thousands of units."
                ),
            ],
        },
        "asks": {
            "what": [
                "what does gpu stand for",
                "what chip is used for large models",
                "which processor does many small calculations at once",
                "what is a graphics card used for in ai",
                "what do gamers and ai people both buy",
                "which hardware trains models",
                "what chip draws pictures on the screen",
                "what is a gpu compared to a cpu",
                "what hardware do big models need",
                "what is the fast chip for matrix maths",
            ],
            "why": [
                "why are gpus used for ai",
                "why is a gpu faster than a cpu for models",
                "why do models run on graphics cards",
                "what is a gpu good for",
                "why do matrices like gpus",
                "why does training need a gpu",
            ],
        },
        "siblings": ["cpu_inference", "tensor_parallelism", "batch"],
    },
    {
        "id": "tensor",
        "names": ["tensor"],
        "plural": ["tensors"],
        "article": "a",
        "answers": {
            "what": [
                (
                    "A tensor is a block of numbers with any number of dimensions, such as a list, a "
                    "table or a stack of tables."
                ),
            ],
        },
        "asks": {
            "what": [
                "what is a block of numbers in ai called",
                "what is a table of numbers with more dimensions",
                "is a matrix a tensor",
                "in what form are weights stored",
                "what is a multi dimensional array in machine learning",
                "what flows through a network",
                "what do you call a list, table or cube of numbers",
            ],
        },
        "siblings": ["matrix_multiplication", "weights", "tensor_parallelism"],
    },
    {
        "id": "matrix_multiplication",
        "names": ["matrix multiplication", "matmul"],
        "plural": ["matrix multiplications"],
        "article": "",
        "answers": {
            "what": [
                (
                    "Matrix multiplication combines two tables of numbers by multiplying rows with "
                    "columns and adding up; it is most of the work in a model."
                ),
            ],
        },
        "asks": {
            "what": [
                "what does a model spend most of its time on",
                "which calculation is most of the work of a model",
                "what is matmul",
                "what is the main maths operation in a transformer",
                "how are two matrices multiplied",
                "what do rows times columns give",
                "what is the heavy part of running a model",
                "which operation should be fast for models",
            ],
        },
        "siblings": ["tensor", "gpu", "memory_bound"],
    },
    {
        "id": "tensor_parallelism",
        "names": ["tensor parallelism"],
        "article": "",
        "answers": {
            "what": [
                (
                    "Tensor parallelism splits each weight matrix over several workers, which compute "
                    "their parts at the same time and then combine them."
                ),
            ],
            "why": [
                (
                    "Tensor parallelism makes each token faster, because every worker reads only its "
                    "share of the weights."
                ),
            ],
            "how": [
                (
                    "Tensor parallelism gives each worker some columns or rows of a matrix, lets all "
                    "compute, and then joins or adds the partial results."
                ),
            ],
        },
        "asks": {
            "what": [
                "how can one layer be shared by several workers",
                "how do you split a matrix over many cores",
                "how can several gpus work on one layer",
                "what is splitting the weights over workers called",
                "how can a model that is too big for one gpu run",
                "what kind of parallel work splits the matrices",
                "what is tp in model serving",
                "how do workers share one matrix multiplication",
                "which trick lets many threads work on the same layer",
            ],
            "why": [
                "why split a matrix over workers",
                "what is tensor parallelism good for",
                "why use tensor parallelism",
                "why does splitting the weights help",
                "why is tensor parallelism faster",
            ],
            "how": [
                "how does tensor parallelism work",
                "how is a weight matrix split",
                "how are partial results combined",
                "what does each worker do in tensor parallelism",
                "how do workers join their results",
                "how do i divide a layer among workers",
            ],
        },
        "siblings": ["batch", "gpu", "pipeline_parallelism"],
    },
    {
        "id": "pipeline_parallelism",
        "names": ["pipeline parallelism"],
        "article": "",
        "answers": {
            "what": [
                (
                    "Pipeline parallelism gives each worker some of the layers; the data passes from "
                    "worker to worker like on an assembly line."
                ),
            ],
        },
        "asks": {
            "what": [
                "how can layers be shared by workers",
                "what is it when each gpu has other layers",
                "which parallelism works like an assembly line",
                "how do you split a model by layers",
                "what is passing data from worker to worker called",
                "what kind of splitting keeps the layers whole",
            ],
        },
        "siblings": ["tensor_parallelism", "batch", "gpu"],
    },
    {
        "id": "batch",
        "names": ["batch"],
        "plural": ["batches"],
        "article": "a",
        "answers": {
            "what": ["A batch is a group of examples or requests that a model processes together."],
            "why": ["A batch is efficient because the weights are read once and used for all examples in it."],
        },
        "asks": {
            "what": [
                "what are several requests processed together called",
                "what is it when a model handles many inputs at once",
                "what is a batch size",
                "what does batch size 8 mean",
                "how can many users share one model pass",
                "what is a group of training examples called",
                "what is processing several prompts at the same time",
                "in what portions does a model see the training text",
            ],
            "why": [
                "why use batches",
                "what is batching good for",
                "why process several examples together",
                "why is a larger batch more efficient",
                "why not one example at a time",
                "why does batching raise throughput",
            ],
        },
        "siblings": ["training", "gpu", "tokens_per_second"],
    },
    {
        "id": "rope",
        "names": ["RoPE", "rotary position embedding"],
        "article": "",
        "answers": {
            "what": [
                (
                    "RoPE, rotary position embedding, tells a model where each token stands by rotating "
                    "its queries and keys by an angle that depends on the position."
                ),
            ],
            "why": [
                (
                    "RoPE is used because attention by itself does not know the order of tokens, and "
                    "rotation shows how far apart they are."
                ),
            ],
        },
        "asks": {
            "what": [
                "what does rope stand for",
                "how does a model know the order of words",
                "what rotates queries and keys",
                "which method uses rotation for positions",
                "what are rotary embeddings",
                "how are positions marked in modern models",
                "not a rope to climb, what is rope in a transformer",
                "which trick turns vectors by an angle",
                "how can attention know how far apart two tokens are",
            ],
            "why": [
                "why is rope used",
                "why do models rotate keys",
                "what is rope good for",
                "why does a model need positions",
                "why use rotary embeddings",
            ],
        },
        "siblings": ["attention", "embedding", "positional_encoding"],
    },
    {
        "id": "positional_encoding",
        "names": ["position encoding", "positional encoding"],
        "article": "",
        "answers": {
            "what": ["A position encoding tells the model where in the text each token stands."],
        },
        "asks": {
            "what": [
                "how does a model know which word comes first",
                "what marks the place of a token",
                "how is word order given to a transformer",
                "what tells attention the order of tokens",
                "does a transformer know the order of words",
                "why would dog bites man differ from man bites dog for a model",
            ],
        },
        "siblings": ["rope", "attention", "embedding"],
    },
    {
        "id": "rmsnorm",
        "names": ["RMSNorm"],
        "article": "",
        "answers": {
            "what": [
                "RMSNorm keeps the numbers in a model in a good range by dividing them by their root mean square.",
            ],
            "why": ["RMSNorm is used because training is more stable when the numbers neither explode nor vanish."],
        },
        "asks": {
            "what": [
                "what does rms norm do",
                "which step keeps the numbers in a good range",
                "what divides by the root mean square",
                "what normalisation do modern models use",
                "what does rms stand for in rmsnorm",
                "what stops the numbers in a model from growing too large",
                "what is a norm layer",
                "what is layer normalisation about",
            ],
            "why": [
                "why is rmsnorm used",
                "why normalise inside a model",
                "what is rmsnorm good for",
                "why keep the values in a range",
                "what goes wrong without normalisation",
            ],
        },
        "siblings": ["layer", "softmax", "transformer"],
    },
    {
        "id": "tokens_per_second",
        "names": ["tokens per second", "token rate"],
        "article": "the",
        "answers": {
            "what": [
                (
                    "Tokens per second tells how fast a model writes: the number of new tokens divided by"
                    " the seconds they took."
                ),
            ],
            "how": ["To get tokens per second, count the tokens written and divide by the seconds it took."],
        },
        "asks": {
            "what": [
                "how is the speed of a model measured",
                "how do i say how fast a model writes",
                "what does tok/s mean",
                "what does t/s mean in a log",
                "in what unit is model speed given",
                "what number shows how quickly an answer is written",
                "which measure tells the speed of generation",
                "my log says 120 tokens per second, what is that",
                "how fast is a model, in which unit",
            ],
            "how": [
                "how do i compute tokens per second",
                "how is the token rate calculated",
                "how can i measure the speed of my model",
                "what do i divide to get the token rate",
                "how do i find out how fast my model is",
            ],
        },
        "siblings": ["ttft", "throughput_lm", "decode"],
    },
    {
        "id": "ttft",
        "names": ["TTFT", "time to first token"],
        "article": "the",
        "answers": {
            "what": [
                (
                    "TTFT, the time to first token, is how long you wait between sending the prompt and "
                    "seeing the first token."
                ),
            ],
            "why": [
                "TTFT grows with the length of the prompt, because the whole prompt has to be read in prefill first.",
            ],
        },
        "asks": {
            "what": [
                "what does ttft stand for",
                "how long do i wait for the first word",
                "what is the wait before the answer starts called",
                "what measures how quickly an answer begins",
                "which time does prefill decide",
                "i press enter and nothing happens for a second, how is that time called",
                "what does time to first token measure",
                "how is the start delay of a model called",
                "ttft meaning",
                "what is the delay before the first token",
            ],
            "why": [
                "why does a long prompt start slowly",
                "what makes ttft long",
                "why do i wait before the first token",
                "why is the first token the slowest",
                "why does ttft depend on the prompt",
                "what causes a long time to first token",
            ],
        },
        "siblings": ["tokens_per_second", "prefill", "latency_lm"],
    },
    {
        "id": "latency_lm",
        "names": ["latency of a model"],
        "article": "the",
        "answers": {
            "what": ["The latency of a model is how long one user waits for an answer."],
        },
        "asks": {
            "what": [
                "how is the waiting time of one user called",
                "what do you call the time until an answer is there",
                "what does latency mean for a chat model",
                "is latency the same as speed for one person",
                "what should be low for a chat to feel quick",
                "which measure is about one user's wait",
            ],
        },
        "siblings": ["ttft", "tokens_per_second", "throughput_lm"],
    },
    {
        "id": "throughput_lm",
        "names": ["throughput of a model"],
        "article": "the",
        "answers": {
            "what": ["The throughput of a model is how many tokens it produces per second for all users together."],
        },
        "asks": {
            "what": [
                "what is the total output of a model server called",
                "how much can a model serve in all",
                "what does throughput mean for a model",
                "which measure counts the tokens of all users",
                "what does a larger batch improve",
                "how is the total number of tokens per second called",
            ],
        },
        "siblings": ["latency_lm", "batch", "tokens_per_second"],
    },
    {
        "id": "perplexity",
        "names": ["perplexity"],
        "article": "",
        "answers": {
            "what": ["Perplexity measures how surprised a model is by a text; lower is better."],
            "how": ["Perplexity is e to the power of the average loss per token."],
        },
        "asks": {
            "what": [
                "how surprised is a model by a text, what is that measure called",
                "which number tells how well a model predicts text",
                "is a low perplexity good",
                "what does a perplexity of 10 mean",
                "how do people compare language models with one number",
                "what is ppl",
                "what measure is e to the power of the loss",
                "is high perplexity bad",
                "how can i tell whether a language model is good at text",
            ],
            "how": [
                "how is perplexity computed",
                "how do i get perplexity from the loss",
                "what is the formula of perplexity",
                "how are loss and perplexity related",
                "how do you calculate ppl",
            ],
        },
        "siblings": ["loss", "training", "language_model"],
    },
    {
        "id": "loss",
        "names": ["loss"],
        "plural": ["losses"],
        "article": "the",
        "answers": {
            "what": ["The loss is a number that tells how wrong a model is; training tries to make it small."],
            "how": [
                (
                    "The loss of a language model is the average of minus the logarithm of the chance it "
                    "gave to the right next token."
                ),
            ],
        },
        "asks": {
            "what": [
                "which number says how wrong a model is",
                "what does training try to make small",
                "what number goes down during training",
                "what is the error of a model called",
                "what does a loss of 2 mean",
                "is a low loss good",
                "what is the curve that falls in training",
                "what is a loss function",
                "how does a model know that it is wrong",
                "what do people watch while training",
            ],
            "how": [
                "how is the loss computed",
                "how do you measure how wrong a model is",
                "what is the formula of the loss",
                "what is cross entropy",
                "how does the loss come about",
            ],
        },
        "siblings": ["perplexity", "gradient_descent", "training"],
    },
    {
        "id": "gradient_descent",
        "names": ["gradient descent"],
        "article": "",
        "answers": {
            "what": [
                (
                    "Gradient descent lowers the loss step by step by moving each weight a little in the "
                    "direction that makes the loss smaller."
                ),
            ],
            "how": [
                (
                    "Gradient descent computes the slope of the loss for every weight and subtracts a "
                    "small multiple of it, again and again."
                ),
            ],
            "why": [
                (
                    "Gradient descent is used because nobody can guess millions of weights, but the slope"
                    " shows which way each should move."
                ),
            ],
        },
        "asks": {
            "what": [
                "how are weights improved step by step",
                "which method walks downhill on the loss",
                "what is the method behind training",
                "how does training find good weights",
                "what is like walking down a hill in fog for a model",
                "which algorithm lowers the loss",
                "what is sgd",
                "what does an optimizer do",
                "what method follows the slope down",
            ],
            "how": [
                "how does gradient descent work",
                "what are the steps of gradient descent",
                "how does a weight know which way to move",
                "how do you go downhill in training",
                "how does an optimizer change weights",
            ],
            "why": [
                "why is gradient descent used",
                "why walk downhill",
                "what is gradient descent good for",
                "why not try random weights",
                "why follow the slope",
            ],
        },
        "siblings": ["loss", "learning_rate", "backpropagation"],
    },
    {
        "id": "gradient",
        "names": ["gradient"],
        "plural": ["gradients"],
        "article": "a",
        "answers": {
            "what": ["A gradient tells for every weight how the loss changes when that weight changes a little."],
        },
        "asks": {
            "what": [
                "what is the slope of the loss called",
                "what tells a weight which way to move",
                "which numbers does backpropagation compute",
                "what is the direction of steepest change",
                "what does an optimizer need to know about each weight",
                "what is a slope for many weights at once",
            ],
        },
        "siblings": ["gradient_descent", "backpropagation", "loss"],
    },
    {
        "id": "backpropagation",
        "names": ["backpropagation", "backprop"],
        "article": "",
        "answers": {
            "what": [
                (
                    "Backpropagation computes the gradients of all weights by going backwards from the "
                    "loss through the layers."
                ),
            ],
        },
        "asks": {
            "what": [
                "how are gradients computed",
                "what goes backwards through the layers",
                "what is the backward pass",
                "how does a network find out which weight is to blame",
                "what is backprop short for",
                "which method finds the slope for every weight",
                "how does the error travel back through a network",
            ],
        },
        "siblings": ["gradient", "gradient_descent", "training"],
    },
    {
        "id": "learning_rate",
        "names": ["learning rate"],
        "plural": ["learning rates"],
        "article": "the",
        "answers": {
            "what": [
                "The learning rate sets how large the steps are that training takes when it changes the weights.",
            ],
        },
        "asks": {
            "what": [
                "what sets the step size in training",
                "how big are the steps of gradient descent",
                "which setting makes training faster or more careful",
                "what is lr",
                "my training explodes, which value is too large",
                "what is the size of a training step",
                "what happens when the learning rate is too high",
                "what does a small learning rate do",
            ],
        },
        "siblings": ["gradient_descent", "training", "loss"],
    },
    {
        "id": "epoch",
        "names": ["epoch"],
        "plural": ["epochs"],
        "article": "an",
        "answers": {
            "what": ["An epoch is one pass through the whole training text."],
        },
        "asks": {
            "what": [
                "what is one pass through the data called",
                "what does training for 3 epochs mean",
                "how do you call reading all the training data once",
                "what is one round of training",
                "how many times does a model see its text",
                "name for a full round over the training set",
            ],
        },
        "siblings": ["training", "batch", "overfitting"],
    },
    {
        "id": "overfitting",
        "names": ["overfitting"],
        "article": "",
        "answers": {
            "what": [
                (
                    "Overfitting means that a model has learned its training examples by heart and does "
                    "badly on new ones."
                ),
            ],
            "how": ["To avoid overfitting, use more varied data, a smaller model, or stop training earlier."],
            "why": [
                (
                    "Overfitting happens when a model is large compared with its data, so remembering is "
                    "easier than finding the rule."
                ),
            ],
        },
        "asks": {
            "what": [
                "what is it called when a model learns by heart",
                "my model is perfect on training data but bad on new data",
                "what is memorising the training set called",
                "why is my model good in training and poor in real life",
                "what is the opposite of generalising",
                "a model only knows the examples it saw, what is that",
                "what happens when you train too long on too little data",
                "what is the problem when test loss rises while training loss falls",
                "can a model learn too much",
            ],
            "how": [
                "how do i avoid overfitting",
                "what helps against learning by heart",
                "how can i stop a model from memorising",
                "how do i make a model do better on new data",
                "what can i do against overfitting",
                "how is overfitting prevented",
            ],
            "why": [
                "why does a model overfit",
                "what causes overfitting",
                "why do models learn by heart",
                "why is too little data bad",
                "how does overfitting come about",
            ],
        },
        "siblings": ["training", "generalization", "dataset"],
    },
    {
        "id": "generalization",
        "names": ["generalization"],
        "article": "",
        "answers": {
            "what": ["Generalization means that a model also does well on inputs it never saw in training."],
        },
        "asks": {
            "what": [
                "what is it called when a model handles new questions",
                "how does a model answer things it never saw",
                "what do we want instead of learning by heart",
                "what is doing well on new data called",
                "can a model answer a question in words it never saw",
                "what does it mean that a model generalises",
                "which ability makes a model useful for new inputs",
            ],
        },
        "siblings": ["overfitting", "training", "dataset"],
    },
    {
        "id": "dataset",
        "names": ["dataset", "training data", "corpus"],
        "plural": ["datasets", "corpora"],
        "article": "a",
        "answers": {
            "what": [
                (
                    "A dataset is the collection of examples a model learns from; for a language model it"
                    " is text, also called a corpus."
                ),
            ],
        },
        "asks": {
            "what": [
                "what does a model learn from",
                "from what text was the model trained",
                "what is a corpus",
                "what is the collection of training examples called",
                "what feeds the training of a model",
                "what is training data",
                "where do a model's facts come from",
                "what do you call the text a model was trained on",
            ],
        },
        "siblings": ["training", "overfitting", "epoch"],
    },
    {
        "id": "fine_tuning",
        "names": ["fine-tuning"],
        "article": "",
        "answers": {
            "what": [
                (
                    "Fine-tuning trains an already trained model a bit more on special examples, so that "
                    "it gets better at one task."
                ),
            ],
        },
        "asks": {
            "what": [
                "how can i adapt a model to my task",
                "what is training a finished model a bit more called",
                "how do you make a model an expert in one topic",
                "what comes after pretraining",
                "how is a general model turned into a chat model",
                "what is finetuning",
                "can a trained model be trained again",
            ],
        },
        "siblings": ["training", "dataset", "pretraining"],
    },
    {
        "id": "pretraining",
        "names": ["pretraining"],
        "article": "",
        "answers": {
            "what": ["Pretraining is the first, long training of a model on a lot of general text."],
        },
        "asks": {
            "what": [
                "what is the first training of a model called",
                "what comes before fine-tuning",
                "what does the P in GPT mean",
                "which training uses a huge amount of general text",
                "what is the long first phase of learning",
                "where does a model get its general knowledge",
            ],
        },
        "siblings": ["fine_tuning", "training", "dataset"],
    },
    {
        "id": "chatbot",
        "names": ["chatbot", "chat model"],
        "plural": ["chatbots", "chat models"],
        "article": "a",
        "answers": {
            "what": [
                "A chatbot is a program you can talk to in plain language; today most of them use a language model.",
            ],
        },
        "asks": {
            "what": [
                "what is a program i can talk to",
                "what do you call software that chats",
                "which programs answer in plain language",
                "what is a bot",
                "what is a talking program called",
                "are you a bot, what is that",
                "which kind of program is made for chatting",
            ],
        },
        "siblings": ["language_model", "prompt", "ai"],
    },
    {
        "id": "end_token",
        "names": ["end token", "stop token"],
        "plural": ["end tokens"],
        "article": "an",
        "answers": {
            "what": ["An end token is a special token that tells the program that the answer is complete."],
        },
        "asks": {
            "what": [
                "how does a model know when to stop",
                "when does a model stop writing",
                "what tells the program that the answer is finished",
                "what is the eos token",
                "which token ends an answer",
                "why does the model stop talking at some point",
                "what marks the end of a reply",
                "how does a chat program know that the model is done",
            ],
        },
        "siblings": ["token", "decode", "sampling"],
    },
    {
        "id": "memory_bound",
        "names": ["memory-bound work"],
        "article": "",
        "answers": {
            "what": [
                (
                    "Memory-bound work is limited by how fast data can be read from memory, not by how "
                    "fast the CPU can calculate; decode is an example."
                ),
            ],
        },
        "asks": {
            "what": [
                "why does the cpu wait for memory when a model writes",
                "what is it called when memory is the bottleneck",
                "what limits the speed of decode",
                "what does memory bound mean",
                "what slows a model down on a cpu",
                "why do more cores not always make a model faster",
                "is a model limited by calculating or by memory",
            ],
        },
        "siblings": ["memory_bandwidth_lm", "decode", "quantization"],
    },
    {
        "id": "memory_bandwidth_lm",
        "names": ["bandwidth limit of decoding"],
        "article": "the",
        "answers": {
            "what": [
                (
                    "The speed of decoding is limited by memory bandwidth: for each token all weights "
                    "must be read, so bytes per second decide tokens per second."
                ),
            ],
        },
        "asks": {
            "what": [
                "what decides how many tokens per second are possible",
                "why does memory speed matter for a model",
                "how does memory bandwidth limit a language model",
                "why are small weights faster to run",
                "how fast can a model of 4 GB decode",
                "what is the upper limit of the decode speed",
            ],
        },
        "siblings": ["memory_bound", "decode", "quantization"],
    },
    {
        "id": "cpu_inference",
        "names": ["CPU inference"],
        "article": "",
        "answers": {
            "what": ["CPU inference means running a model on an ordinary processor, without a graphics card."],
            "why": [
                "CPU inference is useful because every computer has a CPU, and a small model is fast enough on it.",
            ],
        },
        "asks": {
            "what": [
                "can a model run without a gpu",
                "is it possible to run a model on a normal computer",
                "what is running a model on the cpu called",
                "do i need a graphics card for a small model",
                "can my laptop run a language model",
                "what if i have no gpu",
                "is a cpu enough for a model",
            ],
            "why": [
                "why run a model on a cpu",
                "what is good about cpu inference",
                "why not use a gpu for a small model",
                "why would anyone use a cpu for ai",
                "why do without a graphics card",
            ],
        },
        "siblings": ["gpu", "quantization", "inference"],
    },
    {
        "id": "checkpoint",
        "names": ["checkpoint", "model file"],
        "plural": ["checkpoints", "model files"],
        "article": "a",
        "answers": {
            "what": [
                (
                    "A checkpoint is a file with the weights of a model, saved so that it can be used or "
                    "trained further later."
                ),
            ],
        },
        "asks": {
            "what": [
                "in what are weights saved",
                "what is a saved model called",
                "how do i keep a trained model",
                "what is a model file",
                "where do the weights go after training",
                "what do i download when i download a model",
                "what is saved during training in case of a crash",
            ],
        },
        "siblings": ["weights", "training", "dataset"],
    },
    {
        "id": "speculative_decoding",
        "names": ["speculative decoding"],
        "article": "",
        "answers": {
            "what": [
                (
                    "Speculative decoding lets a small model guess several tokens ahead and a large model"
                    " check them all at once."
                ),
            ],
        },
        "asks": {
            "what": [
                "how can a small model help a large one",
                "how can decoding be made faster with guesses",
                "what is guessing tokens ahead called",
                "which trick uses a draft model",
                "what is a draft model for",
                "how do two models work together to write faster",
            ],
        },
        "siblings": ["decode", "tokens_per_second", "greedy"],
    },
    {
        "id": "streaming_tokens",
        "names": ["streaming"],
        "article": "",
        "answers": {
            "what": [
                "Streaming means showing each token as soon as it is made, instead of waiting for the whole answer.",
            ],
        },
        "asks": {
            "what": [
                "why do words appear one after another on the screen",
                "what is showing tokens as they come called",
                "why does the answer come word by word",
                "what does streaming an answer mean",
                "why not show the answer all at once",
                "how does the reply appear bit by bit",
            ],
        },
        "siblings": ["decode", "ttft", "tokens_per_second"],
    },
    {
        "id": "system_prompt",
        "names": ["system prompt"],
        "plural": ["system prompts"],
        "article": "a",
        "answers": {
            "what": ["A system prompt is text placed before the conversation that tells the model how to behave."],
        },
        "asks": {
            "what": [
                "what tells a chat model how to behave",
                "which text comes before the conversation",
                "how can a model be told to be polite",
                "what hidden text do chat programs use",
                "where are the rules for a chatbot written",
                "what is the instruction before the first question",
            ],
        },
        "siblings": ["prompt", "context_length", "chatbot"],
    },
    {
        "id": "parallel_lm",
        "names": ["model parallelism"],
        "article": "",
        "answers": {
            "what": [
                (
                    "Model parallelism means that several workers share the work of one model, for "
                    "example by splitting its matrices or its layers."
                ),
            ],
        },
        "asks": {
            "what": [
                "how can several workers run one model",
                "how do many cores share a model",
                "what is sharing a model between workers called",
                "can two processes run the same model together",
                "how is one model split over machines",
                "what ways are there to split a model",
            ],
        },
        "siblings": ["tensor_parallelism", "pipeline_parallelism", "batch"],
    },
    {
        "id": "bias_lm",
        "names": ["bias in a model", "bias"],
        "article": "",
        "answers": {
            "what": ["Bias in a model means that it repeats unfair or one-sided patterns from its training text."],
        },
        "asks": {
            "what": [
                "can a model be unfair",
                "are models prejudiced",
                "why might a model prefer one group",
                "what is it called when a model is one-sided",
                "does a model repeat the opinions of its text",
                "is ai always fair",
            ],
        },
        "siblings": ["dataset", "training", "hallucination"],
    },
    {
        "id": "turing_test",
        "names": ["Turing test"],
        "article": "the",
        "answers": {
            "what": [
                "The Turing test asks whether a person can tell a machine from a human just by chatting with it.",
            ],
        },
        "asks": {
            "what": [
                "which test checks whether a machine seems human",
                "who asked if machines can think, and with which test",
                "what test is about telling a machine from a person",
                "can a machine pass as a human in a chat",
                "what is the imitation game",
                "would you pass the turing test",
            ],
        },
        "siblings": ["ai", "chatbot", "language_model"],
    },
    {
        "id": "rag",
        "names": ["retrieval", "RAG"],
        "article": "",
        "answers": {
            "what": [
                (
                    "Retrieval means looking up fitting documents first and giving them to the model as "
                    "part of the prompt."
                ),
            ],
        },
        "asks": {
            "what": [
                "how can a model use my documents",
                "what does rag stand for",
                "how does a model answer from a handbook",
                "what is it when documents are looked up before answering",
                "how can a model know new facts without training",
                "what trick adds found text to the prompt",
            ],
        },
        "siblings": ["prompt", "hallucination", "dataset"],
    },
    {
        "id": "token_word",
        "names": [],
        "article": "",
        "answers": {
            "what": [
                (
                    "A token may be a whole word, a part of a word or a punctuation mark; a word may need"
                    " several tokens."
                ),
            ],
        },
        "asks": {
            "what": [
                "is a token a word",
                "are words and tokens the same",
                "how do tokens differ from words",
                "token vs word",
                "difference between a word and a token",
                "one word, one token?",
            ],
        },
        "siblings": ["token", "tokenizer"],
    },
]

PAIRS: list[dict] = [
    {
        "a": "training",
        "b": "inference",
        "answers": [
            "Training changes the weights so that the model learns; inference uses the finished weights to answer.",
        ],
        "asks": [
            "is using a model the same as training it",
            "learning and answering, how do they differ for a model",
            "which one changes the weights, training or inference",
            "what is different when a model learns and when it answers",
            "do weights change in training or in inference",
            "training or inference, what are you doing now",
        ],
    },
    {
        "a": "prefill",
        "b": "decode",
        "answers": ["Prefill reads the whole prompt at once; decode writes the answer one token at a time."],
        "asks": [
            "what are the two phases of inference and how do they differ",
            "which one reads and which one writes, prefill or decode",
            "reading the prompt and writing the answer, what is different",
            "is prefill or decode slower",
            "compare the two phases of answering",
            "prefill or decode, which comes first",
        ],
    },
    {
        "a": "token",
        "b": "tokenizer",
        "answers": ["A token is a piece of text; a tokenizer is the part that cuts text into such pieces."],
        "asks": [
            "is a tokenizer a kind of token",
            "which one cuts and which one is cut, token or tokenizer",
            "token, tokenizer, same thing",
            "how are a token and a tokenizer related",
        ],
    },
    {
        "a": "temperature",
        "b": "top_p",
        "answers": ["Temperature changes how sharp the probabilities are; top-p cuts off the unlikely tokens."],
        "asks": [
            "should i change temperature or top p",
            "both temperature and top p change randomness, so what is different",
            "temperature or top-p, what does each do",
            "how do the two randomness settings differ",
            "are temperature and top p the same",
        ],
    },
    {
        "a": "top_p",
        "b": "top_k",
        "answers": [
            "Top-p keeps the likeliest tokens up to a total chance of p; top-k keeps a fixed number k of them.",
        ],
        "asks": [
            "top k or top p, which is which",
            "is top k the same as top p",
            "how do the two cut-offs differ",
            "which one keeps a fixed number of tokens, top k or top p",
        ],
    },
    {
        "a": "logits",
        "b": "softmax",
        "answers": [
            "Logits are the raw scores of the tokens; softmax is the function that turns them into probabilities.",
        ],
        "asks": [
            "are logits the result of softmax",
            "which comes first, logits or softmax",
            "how do logits and softmax belong together",
            "scores and chances, which are logits",
        ],
    },
    {
        "a": "transformer",
        "b": "neural_network",
        "answers": [
            "A neural network is the general idea; a transformer is one kind of neural network that uses attention.",
        ],
        "asks": [
            "is every neural network a transformer",
            "are transformers neural networks",
            "which is more general, transformer or neural network",
            "how does a transformer relate to neural nets",
        ],
    },
    {
        "a": "machine_learning",
        "b": "ai",
        "answers": [
            (
                "Artificial intelligence is the whole field; machine learning is the part of it where "
                "programs learn from examples."
            ),
        ],
        "asks": [
            "is ai the same as machine learning",
            "which is larger, ai or ml",
            "ml vs ai",
            "how do ml and ai belong together",
            "is all ai machine learning",
        ],
    },
    {
        "a": "machine_learning",
        "b": "deep_learning",
        "answers": [
            (
                "Machine learning is learning from examples in general; deep learning is the kind that "
                "uses neural networks with many layers."
            ),
        ],
        "asks": [
            "is deep learning machine learning",
            "which one needs many layers",
            "ml vs dl",
            "how does deep learning differ from other machine learning",
        ],
    },
    {
        "a": "tensor_parallelism",
        "b": "pipeline_parallelism",
        "answers": [
            (
                "Tensor parallelism splits each layer over the workers; pipeline parallelism gives whole "
                "layers to different workers."
            ),
        ],
        "asks": [
            "split the layers or split the matrices, which is which",
            "tp vs pp",
            "two ways to split a model, how do they differ",
            "which parallelism keeps layers whole",
        ],
    },
    {
        "a": "gpu",
        "b": "cpu_inference",
        "answers": [
            (
                "A GPU has thousands of small units for the same calculation; a CPU has a few strong "
                "cores for any kind of work."
            ),
        ],
        "asks": [
            "is a gpu better than a cpu",
            "cpu or gpu, which for models",
            "how does a graphics card differ from a cpu",
            "gpu vs cpu",
            "why not use a cpu instead of a gpu",
            "which one has more cores, cpu or gpu",
        ],
    },
    {
        "a": "greedy",
        "b": "sampling",
        "answers": [
            "Greedy decoding always takes the likeliest token; sampling draws a token at random by its probability.",
        ],
        "asks": [
            "best token or random token, which is which",
            "greedy or sampling, which varies",
            "how do the two ways of choosing a token differ",
            "is sampling greedy",
        ],
    },
    {
        "a": "ttft",
        "b": "tokens_per_second",
        "answers": ["TTFT is the wait until the first token; tokens per second is the speed after that."],
        "asks": [
            "which one is about the start, ttft or tokens per second",
            "two speed numbers of a model, how do they differ",
            "ttft vs tok/s",
            "is ttft the same as speed",
        ],
    },
    {
        "a": "latency_lm",
        "b": "throughput_lm",
        "answers": [
            "Latency is how long one user waits; throughput is how much work is done for all users together.",
        ],
        "asks": [
            "can latency be bad while throughput is good",
            "which one is about a single user, latency or throughput for a model",
            "model latency or throughput, which matters in a chat",
        ],
    },
    {
        "a": "overfitting",
        "b": "generalization",
        "answers": ["Overfitting is knowing the examples by heart; generalization is doing well on new ones."],
        "asks": [
            "learning by heart or understanding, what are the terms",
            "which one do we want, overfitting or generalization",
            "is overfitting the opposite of generalization",
        ],
    },
    {
        "a": "pretraining",
        "b": "fine_tuning",
        "answers": [
            (
                "Pretraining is the long first training on general text; fine-tuning is a short second "
                "training on special examples."
            ),
        ],
        "asks": [
            "which comes first, pretraining or fine-tuning",
            "is fine-tuning the same as pretraining",
            "first and second training, how do they differ",
        ],
    },
    {
        "a": "loss",
        "b": "perplexity",
        "answers": ["The loss is the average error of a model per token; perplexity is e to the power of that loss."],
        "asks": [
            "are loss and perplexity the same",
            "how do loss and ppl belong together",
            "loss or perplexity, which is larger",
        ],
    },
    {
        "a": "weights",
        "b": "kv_cache",
        "answers": ["Weights are fixed after training; the KV cache is filled anew in every conversation."],
        "asks": [
            "which one changes during a chat, weights or kv cache",
            "is my chat stored in the weights",
            "do the weights or the cache grow while chatting",
        ],
    },
    {
        "a": "language_model",
        "b": "llm",
        "answers": ["A large language model is simply a language model with very many weights."],
        "asks": [
            "is every language model large",
            "lm vs llm",
            "what does the extra l in llm add",
            "are all language models llms",
        ],
    },
    {
        "a": "language_model",
        "b": "chatbot",
        "answers": [
            "A language model predicts tokens; a chatbot is a program that uses such a model to talk with people.",
        ],
        "asks": [
            "is a language model the same as a chatbot",
            "which one talks to people, chatbot or model",
            "how do a chatbot and a language model belong together",
        ],
    },
]

DIALOGUES: list[list[tuple[str, str]]] = [
    [
        (
            "What is a token?",
            (
                "A token is a small piece of text, such as a word or a part of a word, that the model "
                "reads and writes as one unit."
            ),
        ),
        (
            "and who cuts the text into them?",
            "A tokenizer is the part that cuts text into tokens and turns tokens back into text.",
        ),
        (
            "which method does it use?",
            (
                "BPE, byte pair encoding, is a way to build tokens by merging the most frequent pair of "
                "pieces again and again."
            ),
        ),
    ],
    [
        (
            "what is the KV cache for",
            (
                "A KV cache saves time, because without it the model would compute the keys and values of"
                " all earlier tokens again at every step."
            ),
        ),
        (
            "does it need much memory?",
            "A KV cache costs memory: it grows with every token, every layer and every conversation.",
        ),
    ],
    [
        (
            "How does a model learn?",
            (
                "Training shows the model a batch of text, measures the loss, and moves each weight a "
                "little in the direction that lowers it."
            ),
        ),
        ("and when it only answers?", "Inference is using a trained model to get answers; the weights stay fixed."),
    ],
    [
        (
            "my model makes up facts",
            "A hallucination is an answer that a model invents: it sounds right but is false.",
        ),
        (
            "why does it do that?",
            (
                "A hallucination happens because a model picks likely words and has no way to check "
                "whether they are true."
            ),
        ),
        (
            "and what can i do about it?",
            (
                "To avoid hallucinations, check the answer in another source and ask about things the "
                "model was trained on."
            ),
        ),
    ],
    [
        (
            "what does temperature do?",
            (
                "Temperature sets how random the choice of the next token is; at 0 the model always takes"
                " the likeliest token."
            ),
        ),
        (
            "and the seed?",
            "A seed is the start number of a random generator; the same seed gives the same random choices again.",
        ),
        (
            "how do i change the temperature here",
            "To change the temperature, type /set temperature and a number, for example /set temperature 0.7.",
        ),
    ],
    [
        (
            "how can i make a model smaller",
            (
                "Quantization stores each weight with fewer bits, for example 8 instead of 32, so the "
                "model gets smaller and faster."
            ),
        ),
        (
            "are the answers worse then?",
            "Quantization loses a little precision, but the answers usually stay almost the same.",
        ),
    ],
    [
        (
            "what happens first when i press enter?",
            "Prefill is the phase where the model reads the whole prompt at once and fills the KV cache.",
        ),
        ("and then?", "Decode is the phase where the model writes the answer, one token at a time."),
        (
            "why is that slow?",
            "Decode is slow because every new token needs all the weights to be read from memory once.",
        ),
    ],
    [
        (
            "what does a model output",
            "Logits are the raw scores a model gives to every possible next token, before they become probabilities.",
        ),
        (
            "how do they become probabilities?",
            "Softmax turns a list of scores into probabilities that are positive and add up to 1.",
        ),
    ],
]
